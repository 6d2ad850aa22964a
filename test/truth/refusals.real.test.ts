import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
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

/** An idle cache sends nine small commands a second; a probe is about twenty, every 5 s at most where it is of no use. */
const MOST_A_SECOND = 60;

describe('Redis refuses a command for good', function () {
  this.timeout(30_000);
  let server: RedisServer;
  let proxy: CommandProxy;
  let cache: CacheHandle;
  let log: Lines;

  beforeEach(() => {
    log = keepLines();
  });

  afterEach(async () => {
    await cache.close();
    await proxy.close();
    await server.stop();
  });

  const begin = async (args: readonly string[] = []): Promise<void> => {
    server = await RedisServer.start({ args });
    proxy = await CommandProxy.start(server.port);
  };

  const open = async (refusal: Refusal): Promise<void> => {
    const user = refusal === 'an ACL' ? 'shop:pw@' : '';
    if (refusal === 'an ACL') {
      await server.command('ACL', 'SETUSER', 'shop', 'on', '>pw', '~*', '&*', '+@all');
    }
    cache = createCache({
      redis: `redis://${user}127.0.0.1:${proxy.port}`,
      commandTimeout: 500,
      logger: log,
    });
  };

  const refuse = async (refusal: Refusal, commands: readonly string[]): Promise<void> => {
    if (refusal === 'a proxy') for (const command of commands) proxy.refused.add(command);
    if (refusal !== 'an ACL') return;
    const rules = commands.map((command) => `-${command.toLowerCase()}`);
    await server.command('ACL', 'SETUSER', 'shop', 'on', '>pw', '~*', '&*', '+@all', ...rules);
  };

  const renamed = (commands: readonly string[]): readonly string[] =>
    commands.flatMap((command) => ['--rename-command', command, '']);

  const isUp = (): Promise<void> => until(() => cache.status().status === 'up', 'it is up');

  /** `up` is true of every kind of call. */
  const expectWorks = async (): Promise<void> => {
    expect(await cache.set('k1', 1)).to.equal('applied');
    expect(await cache.set('k2', 2)).to.equal('applied');
    expect(await cache.set('other', 3)).to.equal('applied');
    expect(await cache.get('k1')).to.equal(1);
    expect(await cache.getMany(['k1', 'k2', 'none'])).to.deep.equal(
      new Map([
        ['k1', 1],
        ['k2', 2],
      ]),
    );
    expect(await cache.getOrSet('loaded', () => 4)).to.equal(4);
    expect(await cache.delete('k1')).to.equal('applied');
    expect(await cache.get('k1')).to.equal(undefined);
    expect(await cache.clear('k*')).to.equal('applied');
    expect(await cache.get('k2')).to.equal(undefined);
    expect(await cache.set('k2', 5)).to.equal('applied');
    expect(await cache.clear()).to.equal('applied');
    expect(await cache.get('k2')).to.equal(undefined);
    expect(cache.status().status).to.equal('up');
  };

  const expectMemoryAlone = async (): Promise<void> => {
    await until(() => cache.status().reason === 'permission', 'it says why');
    const { status, message } = cache.status();
    expect(status).to.equal('degraded');
    expect(message).to.match(/may not run a command/);
    expect(log.errors.filter((line) => /may not run a command/.test(line))).to.have.length(1);
    expect(await cache.set('k1', 1)).to.equal('deferred');
    expect(await cache.get('k1')).to.equal(1);
    expect(await cache.clear()).to.equal('deferred');
    expect(await cache.get('k1')).to.equal(undefined);
  };

  const expectQuiet = async (): Promise<void> => {
    const before = proxy.count;
    const since = performance.now();
    await pause(1_000);
    const seconds = (performance.now() - since) / 1_000;
    expect((proxy.count - before) / seconds, 'commands a second').to.be.below(MOST_A_SECOND);
  };

  for (const [commands, outcome] of COMMANDS) {
    for (const refusal of REFUSALS) {
      for (const state of STATES) {
        // Only scripts call it, which no proxy sees.
        if (commands[0] === 'SET' && refusal === 'a proxy') continue;
        // A server gets other names for its commands when it starts.
        if (refusal === 'rename-command' && state === 'under a living connection') continue;
        it(`${commands.join(' and ')}, by ${refusal}, ${state}: ${outcome}`, async () => {
          const isRenamed = refusal === 'rename-command';
          if (state === 'at start') {
            await begin(isRenamed ? renamed(commands) : []);
            await refuse(refusal, commands);
            if (refusal === 'an ACL') await openAs();
            else await open(refusal);
          } else {
            await begin();
            await open(refusal);
            await isUp();
            expect(await cache.set('before', 0)).to.equal('applied');
            await refuse(refusal, commands);
            if (state === 'after a recovery') await recover(isRenamed ? renamed(commands) : []);
          }
          if (outcome === 'works') {
            await isUp();
            if (state === 'under a living connection') await meet();
            await expectWorks();
          } else {
            if (state === 'under a living connection') await cache.set('meets', 'it');
            await expectMemoryAlone();
          }
          await expectQuiet();
        });
      }
    }
  }

  const openAs = async (): Promise<void> => {
    cache = createCache({
      redis: `redis://shop:pw@127.0.0.1:${proxy.port}`,
      commandTimeout: 500,
      logger: log,
    });
  };

  /** The server is another process, which refuses what this one does and these commands. */
  const recover = async (args: readonly string[]): Promise<void> => {
    if (args.length === 0) {
      proxy.reset();
      await until(() => cache.status().status !== 'up', 'it has noticed');
      return;
    }
    const { port } = server;
    await server.stop();
    await until(() => cache.status().status !== 'up', 'it has noticed');
    server = await RedisServer.start({ port, args });
  };

  /** The first call that needs the command may fail; it is found out by that, or by a heartbeat. */
  const meet = async (): Promise<void> => {
    await cache.getMany(['a', 'b']);
    await cache.clear('nothing*');
    await until(async () => (await cache.clear('nothing*')) === 'applied', 'it gets along');
    await isUp();
  };
});
