import { setTimeout as pause } from 'node:timers/promises';
import { createCache } from '../../lib/cache/create-cache.js';
import { FaultProxy } from '../support/fault-proxy.js';
import type { RedisServer } from '../support/redis-server.js';
import { unhandled } from '../support/wait.js';
import { describeStep, type History, nameOf, type Step } from './history.js';
import { Oracle } from './oracle.js';
import { LEASE_WAIT, Performer, type Player } from './performer.js';

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

interface Member extends Player {
  readonly proxy: FaultProxy;
  network: 'pass' | 'blackhole' | 'refuse';
}

class Stage {
  readonly oracle: Oracle;
  readonly #history: History;
  readonly #server: RedisServer;
  readonly #performer: Performer;
  readonly #members: Member[] = [];
  readonly #pending = new Set<Promise<void>>();
  #redis: 'up' | 'hung' | 'dead' = 'up';

  constructor(history: History, server: RedisServer) {
    const { setting } = history;
    const startedMs = performance.now();
    const now = (): number => performance.now() - startedMs;
    // Time in which the process waited: that a busy one, with other histories in it, is slow is nobody's fault.
    const spent = (): number => performance.nodeTiming.idleTime;
    const wait = (ms: number): Promise<void> => pause(ms);
    this.#history = history;
    this.#server = server;
    this.oracle = new Oracle({ ...setting, slack: SLACK }, now);
    this.#performer = new Performer({ oracle: this.oracle, setting, now, spent, wait });
  }

  async build(): Promise<void> {
    const { caches, ttl, outageTtl, journalMax, memoryMax, commandTimeout } = this.#history.setting;
    const prefix = `h${histories++}:`;
    for (let at = 0; at < caches; at++) {
      const proxy = await FaultProxy.start(this.#server.port);
      const name = nameOf(at);
      const cache = createCache({
        redis: proxy.url,
        prefix,
        ttl,
        commandTimeout,
        leaseWait: LEASE_WAIT,
        memory: { max: memoryMax, outageTtl },
        journal: { max: journalMax },
        logger: {
          info: () => {},
          error: (line) => {
            if (line.includes('came back without')) this.oracle.note(`${name}: amnesia`);
          },
          warn: (line) => {
            member.hasOverflowed ||= line.includes('writes wait for Redis');
            this.oracle.note(`${name}: ${line.slice(23, 60)}`);
          },
        },
      });
      const member: Member = { name, cache, proxy, network: 'pass', hasOverflowed: false };
      this.#performer.watch(member);
      this.#members.push(member);
    }
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
      case 'hang':
      case 'thaw':
      case 'kill':
      case 'save':
      case 'restart':
      case 'restartEmpty':
        return this.#fault(step.do);
      default: {
        const member = this.#members[step.at % this.#members.length];
        if (member === undefined) return;
        const done = this.#performer.call(member, step);
        this.#pending.add(done);
        void done.finally(() => this.#pending.delete(done));
        if (step.wait) await done;
      }
    }
  }

  /** Ends every fault, waits until all is well, and looks whether everybody reads the database's values. */
  async finish(): Promise<void> {
    this.oracle.note('-- all faults end');
    await this.#heal();
    for (const member of this.#members) {
      member.proxy.slow(0);
      await this.#network(member, 'pass');
    }
    await Promise.all(this.#pending);
    await this.#performer.compareAll(this.#members);
  }

  async close(): Promise<void> {
    await this.#heal();
    await Promise.allSettled(this.#pending);
    for (const { cache, proxy } of this.#members) {
      await cache.close();
      await proxy.close();
    }
  }

  async #heal(): Promise<void> {
    if (this.#redis === 'hung') this.#server.thaw();
    if (this.#redis === 'dead') await this.#restart(false);
    this.#redis = 'up';
  }

  #those(at: number): Member[] {
    return at < 0 ? this.#members : this.#members.filter((_, i) => i === at % this.#members.length);
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
    what: 'hang' | 'thaw' | 'kill' | 'save' | 'restart' | 'restartEmpty',
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
    } else if (what === 'kill' && this.#redis !== 'dead') {
      await server.kill();
      this.#redis = 'dead';
    } else if (what === 'restart' || what === 'restartEmpty') {
      await this.#restart(what === 'restartEmpty');
    }
  }

  async #restart(empty: boolean): Promise<void> {
    await this.#server.kill();
    // Before anybody can be let in.
    this.#performer.restarted();
    await this.#server.restart({ empty });
    this.#redis = 'up';
  }
}
