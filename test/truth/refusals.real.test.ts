import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { Ahead } from '../support/ahead.js';
import { CommandProxy } from '../support/command-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines, type Lines } from './world.js';

type Outcome = 'works' | 'memory alone';

/** What becomes of the cache without these commands. */
const COMMANDS: readonly (readonly [readonly string[], Outcome])[] = [
  [['SCAN'], 'works'],
  [['UNLINK'], 'works'],
  [['MGET'], 'works'],
  [['EVALSHA', 'EVAL'], 'memory alone'],
  [['SET'], 'memory alone'],
  [['HELLO'], 'works'],
  [['TIME'], 'works'],
  [['INFO'], 'works'],
  [['CLIENT'], 'works'],
];

const REFUSALS = ['an ACL', 'rename-command', 'a proxy'] as const;
type Refusal = (typeof REFUSALS)[number];

const STATES = ['at start', 'under a living connection', 'after a recovery'] as const;

interface Case {
  readonly commands: readonly string[];
  readonly outcome: Outcome;
  readonly refusal: Refusal;
  readonly state: (typeof STATES)[number];
}

const CASES: readonly Case[] = COMMANDS.flatMap(([commands, outcome]) =>
  REFUSALS.flatMap((refusal) => STATES.map((state) => ({ commands, outcome, refusal, state }))),
).filter(({ commands, refusal, state }) => {
  // Only scripts call it, which no proxy sees.
  if (commands[0] === 'SET' && refusal === 'a proxy') return false;
  // A server gets other names for its commands when it starts.
  return refusal !== 'rename-command' || state !== 'under a living connection';
});

/** Each waits for more than a second. */
const AT_ONCE = 4;

/** An idle cache sends nine small commands a second; a probe is about twenty, every 5 s at most where it is of no use. */
const MOST_A_SECOND = 60;

/** A Redis that refuses a command, and a cache before it. */
class Scene {
  readonly #case: Case;
  readonly #log: Lines = keepLines();
  #server!: RedisServer;
  #proxy!: CommandProxy;
  #cache!: CacheHandle;

  constructor(given: Case) {
    this.#case = given;
  }

  async play(): Promise<void> {
    const { outcome, state } = this.#case;
    const isMet = state === 'under a living connection';
    try {
      await this.#begin();
      if (outcome === 'works') {
        await this.#isUp();
        if (isMet) await this.#meet();
        await this.#expectWorks();
      } else {
        if (isMet) await this.#cache.set('meets', 'it');
        await this.#expectMemoryAlone();
      }
      await this.#expectQuiet();
    } finally {
      await this.#cache?.close();
      await this.#proxy?.close();
      await this.#server?.stop();
    }
  }

  async #begin(): Promise<void> {
    const { refusal, state } = this.#case;
    const isAtStart = state === 'at start';
    this.#server = await RedisServer.start({ args: isAtStart ? this.#renamed : [] });
    this.#proxy = await CommandProxy.start(this.#server.port);
    if (refusal === 'an ACL') await this.#allow();
    if (isAtStart) await this.#refuse();
    this.#open();
    if (isAtStart) return;
    await this.#isUp();
    expect(await this.#cache.set('before', 0)).to.equal('applied');
    await this.#refuse();
    if (state === 'after a recovery') await this.#recover(this.#renamed);
  }

  #open(): void {
    const user = this.#case.refusal === 'an ACL' ? 'shop:pw@' : '';
    this.#cache = createCache({
      redis: `redis://${user}127.0.0.1:${this.#proxy.port}`,
      commandTimeout: 500,
      logger: this.#log,
    });
  }

  async #allow(...but: readonly string[]): Promise<void> {
    const rules = ['on', '>pw', '~*', '&*', '+@all', ...but];
    await this.#server.command('ACL', 'SETUSER', 'shop', ...rules);
  }

  async #refuse(): Promise<void> {
    const { commands, refusal } = this.#case;
    if (refusal === 'a proxy') for (const command of commands) this.#proxy.refused.add(command);
    if (refusal !== 'an ACL') return;
    await this.#allow(...commands.map((command) => `-${command.toLowerCase()}`));
  }

  /** Arguments of a server without the commands. */
  get #renamed(): readonly string[] {
    const { commands, refusal } = this.#case;
    if (refusal !== 'rename-command') return [];
    return commands.flatMap((command) => ['--rename-command', command, '']);
  }

  #isUp(): Promise<void> {
    return until(() => this.#cache.status().status === 'up', 'it is up');
  }

  /** `up` is true of every kind of call. */
  async #expectWorks(): Promise<void> {
    expect(await this.#cache.set('k1', 1)).to.equal('applied');
    expect(await this.#cache.set('k2', 2)).to.equal('applied');
    expect(await this.#cache.set('other', 3)).to.equal('applied');
    expect(await this.#cache.get('k1')).to.equal(1);
    expect(await this.#cache.getMany(['k1', 'k2', 'none'])).to.deep.equal(
      new Map([
        ['k1', 1],
        ['k2', 2],
      ]),
    );
    expect(await this.#cache.getOrSet('loaded', () => 4)).to.equal(4);
    expect(await this.#cache.delete('k1')).to.equal('applied');
    expect(await this.#cache.get('k1')).to.equal(undefined);
    expect(await this.#cache.clear('k*')).to.equal('applied');
    expect(await this.#cache.get('k2')).to.equal(undefined);
    expect(await this.#cache.set('k2', 5)).to.equal('applied');
    expect(await this.#cache.clear()).to.equal('applied');
    expect(await this.#cache.get('k2')).to.equal(undefined);
    expect(this.#cache.status().status).to.equal('up');
  }

  async #expectMemoryAlone(): Promise<void> {
    await until(() => this.#cache.status().reason === 'permission', 'it says why');
    const { status, message } = this.#cache.status();
    expect(status).to.equal('degraded');
    expect(message).to.match(/may not run a command/);
    expect(this.#log.errors.filter((line) => /may not run a command/.test(line))).to.have.length(1);
    expect(await this.#cache.set('k1', 1)).to.equal('deferred');
    expect(await this.#cache.get('k1')).to.equal(1);
    expect(await this.#cache.clear()).to.equal('deferred');
    expect(await this.#cache.get('k1')).to.equal(undefined);
  }

  async #expectQuiet(): Promise<void> {
    const before = this.#proxy.count;
    const since = performance.now();
    await pause(1_000);
    const seconds = (performance.now() - since) / 1_000;
    expect((this.#proxy.count - before) / seconds, 'commands a second').to.be.below(MOST_A_SECOND);
  }

  /** The server is another process, which refuses what this one does and these commands. */
  async #recover(args: readonly string[]): Promise<void> {
    if (args.length === 0) {
      this.#proxy.reset();
      await until(() => this.#cache.status().status !== 'up', 'it has noticed');
      return;
    }
    const { port } = this.#server;
    await this.#server.stop();
    await until(() => this.#cache.status().status !== 'up', 'it has noticed');
    this.#server = await RedisServer.start({ port, args });
  }

  /** The first call that needs the command may fail; it is found out by that, or by a heartbeat. */
  async #meet(): Promise<void> {
    await this.#cache.getMany(['a', 'b']);
    await this.#cache.clear('nothing*');
    await until(async () => (await this.#cache.clear('nothing*')) === 'applied', 'it gets along');
    await this.#isUp();
  }
}

describe('Redis refuses a command for good', function () {
  this.timeout(30_000);
  const plays = new Ahead(
    CASES.map((given) => () => new Scene(given).play()),
    AT_ONCE,
  );

  CASES.forEach(({ commands, outcome, refusal, state }, index) => {
    it(`${commands.join(' and ')}, by ${refusal}, ${state}: ${outcome}`, () =>
      plays.resultOf(index));
  });

  after(() => plays.end());
});
