// Two processes on one Redis, measured in turn.

import type { RedisServer } from '../../../test/support/redis-server.js';
import { cpuMicros, startRedis } from '../../lib/redis.js';
import { firstLine } from '../../lib/report.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { median, shuffled } from '../../lib/stats.js';
import type { BulkOperations, BulkSlice } from '../../workers/bulk.js';
import type { Case } from './cases.js';

export type Side = 'ours' | 'bare';
export const SIDES: readonly Side[] = ['ours', 'bare'];

/** A slice of one side. */
export interface Sample {
  readonly keysPerSecond: number;
  /** Microseconds of processor a key: of the process, and of Redis. */
  readonly cpuUs: number;
  readonly redisUs: number;
  readonly failed?: string;
}

export type Pair = Readonly<Record<Side, Sample>>;

const FAILED: Sample = { keysPerSecond: 0, cpuUs: Number.NaN, redisUs: Number.POSITIVE_INFINITY };

/** A slice that takes longer has failed, and its process is replaced. */
const LIMIT_MS = 30_000;
/** How often a slice is run to learn how many calls fill its time. */
const WARM_UPS = 4;
const FIRST_KEYS = 200;

export class Bench {
  readonly #redis: RedisServer;
  readonly #workers = new Map<Side, Worker<BulkOperations>>();
  /** What one look at Redis' processor time costs Redis. */
  #lookUs = 0;

  private constructor(redis: RedisServer) {
    this.#redis = redis;
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await startRedis());
    for (const side of SIDES) await bench.#start(side);
    const looks: number[] = [];
    for (let i = 0; i < 15; i++) {
      const before = await cpuMicros(bench.#redis);
      looks.push((await cpuMicros(bench.#redis)) - before);
    }
    bench.#lookUs = median(looks);
    return bench;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await this.#redis.stop();
  }

  /** How many calls of this case take about `ms`, after as much warming up as that needs. */
  async callsFor(one: Case, side: Side, ms: number): Promise<number> {
    let calls = Math.ceil(FIRST_KEYS / one.size) * one.concurrency;
    for (let i = 0; i < WARM_UPS; i++) {
      const { keysPerSecond, failed } = await this.#slice(one, side, calls);
      if (failed === undefined) {
        calls = Math.max(one.concurrency, Math.round((keysPerSecond / one.size / 1_000) * ms));
      }
    }
    return calls;
  }

  /** One round: both sides, in either order. */
  async round(one: Case, calls: Readonly<Record<Side, number>>): Promise<Pair> {
    const samples: Partial<Record<Side, Sample>> = {};
    for (const side of shuffled(SIDES)) samples[side] = await this.#slice(one, side, calls[side]);
    return samples as Pair;
  }

  async #start(side: Side): Promise<void> {
    const worker = startWorker<BulkOperations>('bulk');
    this.#workers.set(side, worker);
    await worker.call('open', { isOurs: side === 'ours', port: this.#redis.port });
  }

  async #slice({ kind, size, concurrency }: Case, side: Side, calls: number): Promise<Sample> {
    const slice: BulkSlice = { kind, size, concurrency, calls };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done in ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
    });
    try {
      return await Promise.race([this.#measure(slice, side), late]);
    } catch (error) {
      const failed = firstLine(error);
      // What it left undone would disturb the next slice.
      await this.#workers.get(side)?.stop();
      await this.#start(side);
      return { ...FAILED, failed };
    } finally {
      clearTimeout(timer);
    }
  }

  async #measure(slice: BulkSlice, side: Side): Promise<Sample> {
    const worker = this.#workers.get(side) as Worker<BulkOperations>;
    await worker.call('prepare', slice);
    const before = await cpuMicros(this.#redis);
    const { tookMs, cpuUs } = await worker.call('run', slice);
    const redisUs = (await cpuMicros(this.#redis)) - before - this.#lookUs;
    const keys = slice.calls * slice.size;
    return {
      keysPerSecond: (keys / tookMs) * 1_000,
      cpuUs: cpuUs / keys,
      redisUs: redisUs / keys,
    };
  }
}
