import { setTimeout as pause } from 'node:timers/promises';
import type { RedisServer } from '../../support/redis-server.js';
import { unhandled } from '../../support/wait.js';
import { KEYS } from '../calls.js';
import { Oracle } from '../oracle/oracle.js';
import { Cast } from '../performer/cast.js';
import { Finale } from '../performer/finale.js';
import { Performer } from '../performer/performer.js';
import type { Theatre } from '../performer/theatre.js';
import { describeStep, type History, type Step } from './history.js';
import { type Member, newMember } from './member.js';
import { Metronome } from './metronome.js';

/** What a busy machine may add to any time. */
const SLACK = 250;

let histories = 0;

/** What comes of a history: what was violated, and what happened. */
export interface Outcome {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** Plays a history before a real server, which is left running. */
export async function play(history: History, server: RedisServer): Promise<Outcome> {
  await server.command('FLUSHALL');
  await server.save();
  const loose = unhandled();
  const stage = new Stage(history, server);
  try {
    await stage.build();
    for (const step of history.steps) await stage.step(step);
    await stage.finish();
  } finally {
    await stage.close();
    for (const error of loose.stop()) stage.oracle.fail('I6', `unhandled: ${error}`);
  }
  return { violations: stage.oracle.violations, trace: stage.oracle.trace };
}

class Stage {
  readonly oracle: Oracle;
  readonly #history: History;
  readonly #server: RedisServer;
  readonly #prefix = `h${histories++}:`;
  readonly #metronome = new Metronome();
  readonly #theatre: Theatre;
  readonly #performer: Performer;
  readonly #cast: Cast<Member>;
  #redis: 'up' | 'hung' | 'dead' = 'up';

  constructor(history: History, server: RedisServer) {
    const { setting } = history;
    const startedMs = performance.now();
    const now = (): number => performance.now() - startedMs;
    this.#history = history;
    this.#server = server;
    const cast = new Cast<Member>(setting);
    this.#cast = cast;
    // That all of them are heard in time is not sure here: whose changes Redis lost is judged by the scheduler's test.
    const errorMs = (name: string): number => cast.errorMs(name);
    const world = { now, errorMs, undisturbedSince: never };
    this.oracle = new Oracle({ ...setting, slack: SLACK }, world);
    this.#theatre = {
      oracle: this.oracle,
      setting,
      now,
      // That a busy machine is slow is nobody's fault.
      spent: () => this.#metronome.ms,
      lateMs: () => this.#metronome.worstLateMs,
      wait: (_, ms) => pause(ms),
      turns: async () => {
        for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      },
      // What is in Redis now is known too late.
      checkApplied: () => {},
    };
    this.#performer = new Performer(this.#theatre);
  }

  async build(): Promise<void> {
    for (let at = 0; at < this.#history.setting.caches; at++) await this.#join();
  }

  async #join(): Promise<void> {
    const name = this.#cast.nextName;
    if (name === undefined) return;
    const { setting } = this.#history;
    const { oracle } = this;
    const member = await newMember({
      name,
      prefix: this.#prefix,
      setting,
      oracle,
      port: this.#server.port,
    });
    this.#performer.watch(member);
    this.#cast.add(member);
  }

  async step(step: Step): Promise<void> {
    this.oracle.note(describeStep(step));
    switch (step.do) {
      case 'pause':
        await pause(step.ms);
        return;
      case 'slow':
        for (const { proxy } of this.#those(step.at)) proxy.slow(step.ms);
        return;
      case 'blackhole':
      case 'refuse':
      case 'reset':
      case 'lose':
      case 'pass':
        for (const member of this.#those(step.at)) await this.#network(member, step.do);
        return;
      case 'join':
        return this.#join();
      case 'evict':
        return this.#evict(step.key);
      case 'hang':
      case 'thaw':
      case 'kill':
      case 'save':
      case 'restart':
      case 'restartEmpty':
      case 'flushScripts':
        return this.#fault(step.do);
      default: {
        const member = this.#cast.at(step.at);
        const done = this.#performer.call(member, step);
        this.#cast.follow(done, member);
        if (step.wait) await done;
      }
    }
  }

  /** Ends every fault, waits until all is well, and looks whether everybody reads the database's values. */
  async finish(): Promise<void> {
    this.oracle.note('-- all faults end');
    await this.#heal();
    const { players, pending } = this.#cast;
    for (const member of players) {
      member.proxy.slow(0);
      await this.#network(member, 'pass');
    }
    const finale = new Finale(this.#theatre, this.#performer.reads);
    await finale.allAnswered(players[0] as Member, pending);
    await finale.compareAll(players);
  }

  async close(): Promise<void> {
    await this.#heal();
    await this.#cast.allAnswered();
    this.#metronome.stop();
    for (const { cache, proxy } of this.#cast.players) {
      await cache.close();
      await proxy.close();
    }
  }

  async #heal(): Promise<void> {
    if (this.#redis === 'hung') this.#server.thaw();
    if (this.#redis === 'dead') await this.#restart(false);
    this.#redis = 'up';
  }

  #those(at: number): readonly Member[] {
    return at < 0 ? this.#cast.players : [this.#cast.at(at)];
  }

  async #network(member: Member, to: string): Promise<void> {
    const { proxy } = member;
    if (to === 'reset') return proxy.reset();
    if (to === 'lose') return proxy.lose();
    if (member.network !== 'pass') await proxy.pass();
    member.network = 'pass';
    if (to === 'blackhole') proxy.blackhole();
    if (to === 'refuse') await proxy.refuse();
    if (to === 'blackhole' || to === 'refuse') member.network = to;
  }

  async #fault(
    what: 'hang' | 'thaw' | 'kill' | 'save' | 'restart' | 'restartEmpty' | 'flushScripts',
  ): Promise<void> {
    const server = this.#server;
    if (what === 'hang' && this.#redis === 'up') {
      server.hang();
      this.#redis = 'hung';
    } else if (what === 'thaw' && this.#redis === 'hung') {
      server.thaw();
      this.#redis = 'up';
    } else if (what === 'save' && this.#redis === 'up') {
      await server.save();
    } else if (what === 'flushScripts' && this.#redis === 'up') {
      await server.command('SCRIPT', 'FLUSH');
    } else if (what === 'kill' && this.#redis !== 'dead') {
      await server.kill();
      this.#redis = 'dead';
    } else if (what === 'restart' || what === 'restartEmpty') {
      await this.#restart(what === 'restartEmpty');
    }
  }

  async #evict(at: number): Promise<void> {
    if (this.#redis !== 'up') return;
    const name = at < KEYS ? `k${at}` : at === KEYS ? '__ech:{ech}:pos' : '__ech:{ech}:gen';
    this.oracle.residues.evicted(this.#theatre.now(), (key) => key === name);
    this.oracle.loads.leasesMayBeLost();
    await this.#server.command('DEL', this.#prefix + name);
  }

  async #restart(empty: boolean): Promise<void> {
    await this.#server.kill();
    // Before anybody can be let in.
    this.oracle.forgotten();
    await this.#server.restart({ empty });
    this.#redis = 'up';
  }
}

function never(): number {
  return Number.POSITIVE_INFINITY;
}
