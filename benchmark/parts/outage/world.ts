// The application, its visitors, its Redis, and the bad network between them.

import type { RedisServer } from '../../../test/support/redis-server.js';
import { callCount, keyCount, startRedis } from '../../lib/redis.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { now, sleep } from '../../lib/time.js';
import type { AppOperations, AppStats } from '../../workers/app.js';
import type { LoadOperations, LoadOptions } from '../../workers/load.js';
import type { ProxyOperations } from '../../workers/proxy.js';
import type { Fault } from './faults.js';

/** `rate` 0: each visitor asks again as soon as he was answered. */
export const LOAD = { connections: 50, rate: 0, perSecond: 200, keys: 5_000, exponent: 1 };

/**
 * `work`: rounds of PBKDF2 a request costs the application beside the cache, as handlers check signatures
 * and render; `--work 1000` is about 0.2 ms. Without any, 20 database connections at 10 ms bound every subject in the
 * fault, and the subject that was fastest before falls deepest: so requests a second are judged, not what is kept.
 */
export const APP = {
  memoryMax: 1_000,
  ttlMs: 600_000,
  bytes: 200,
  pool: { connections: 20, ms: 10 },
  work: 0,
};

/** Not what is replayed or written. */
const READS = ['get', 'mget', 'hget'];

const LOOK_MS = 25;
const BOOT_MS = 5_000;

export class World {
  readonly name: string;
  readonly redis: RedisServer;
  readonly app: Worker<AppOperations>;
  readonly load: Worker<LoadOperations>;
  readonly proxy: Worker<ProxyOperations>;

  private constructor(name: string, redis: RedisServer) {
    this.name = name;
    this.redis = redis;
    this.app = startWorker<AppOperations>('app', { execArgv: ['--expose-gc'] });
    this.load = startWorker<LoadOperations>('load');
    this.proxy = startWorker<ProxyOperations>('proxy');
  }

  static async build(name: string): Promise<World> {
    return new World(name, await startRedis());
  }

  async tearDown(): Promise<void> {
    await Promise.all([this.load.stop(), this.app.stop(), this.proxy.stop()]);
    await this.redis.stop();
  }

  /** Where the application finds its Redis. */
  async redisPort({ isProxied, isFromBoot }: Partial<Fault>): Promise<number> {
    if (isProxied !== true) return this.redis.port;
    const port = await this.proxy.call('start', { target: this.redis.port });
    if (isFromBoot === true) await this.proxy.call('refuse');
    return port;
  }

  /** Resolves to the port of the application. */
  async boot(redisPort: number, work: number, limitMs = BOOT_MS): Promise<number> {
    const starting = this.app.call('start', { ...APP, work, name: this.name, redisPort });
    starting.catch(() => {});
    const port = await Promise.race([starting, sleep(limitMs)]);
    if (port === undefined) throw new Error('does not listen while Redis is away');
    return port;
  }

  /** Every key is in Redis, or the run does not count. */
  async warm(): Promise<void> {
    let keys = 0;
    for (let attempt = 0; attempt < 3 && keys < LOAD.keys; attempt++) {
      await this.app.call('warm', { keys: LOAD.keys });
      keys = await keyCount(this.redis);
      // What is written in the background has until now.
      for (let i = 0; i < 20 && keys < LOAD.keys; i++) {
        await sleep(50);
        keys = await keyCount(this.redis);
      }
    }
    if (keys < LOAD.keys)
      throw new Error(`${this.name} put ${keys} of ${LOAD.keys} keys into Redis`);
  }

  visit(options: Pick<LoadOptions, 'rate' | 'port' | 'seed'>): Promise<void> {
    return this.load.call('start', { ...LOAD, ...options });
  }

  stats(isCollected = false): Promise<AppStats> {
    return this.app.call('stats', { isCollected });
  }

  /** How many reads Redis has answered; `otherwise` when it does not say. */
  reads(otherwise: number): Promise<number> {
    return callCount(this.redis, READS).catch(() => otherwise);
  }

  /**
   * Milliseconds from now until Redis sees reads at a third of the rate before, in three looks in a row, counted to
   * the end of the first: a single burst may be what had been waiting, and a probe reads too.
   */
  async backOnRedis(readsPerMs: number, until: number): Promise<number> {
    const repairedAt = now();
    const wanted = Math.max(0.04, readsPerMs / 3);
    let previous = await this.reads(0);
    let previousAt = now();
    let seen = 0;
    let firstAt = 0;
    while (now() < until) {
      await sleep(LOOK_MS);
      const count = await this.reads(previous);
      const at = now();
      const isRead = count - previous >= wanted * (at - previousAt);
      if (!isRead) seen = 0;
      else if (++seen === 1) firstAt = at;
      if (seen === 3) return firstAt - repairedAt;
      [previous, previousAt] = [count, at];
    }
    return Number.POSITIVE_INFINITY;
  }
}
