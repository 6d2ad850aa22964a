/*
 * Measures a Redis Cluster with one server frozen, and prints the figures. No test: a busy machine decides them.
 *
 *     npm run test:many            16 cycles of "healthy, frozen", and 10 runs of the case that three servers fail
 *     npm run test:many -- 4 2     4 cycles and 2 runs
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { Cluster } from '../support/many/cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const READERS = 8;
const PHASE_MS = 1_000;
const FAILOVER_MS = 30_000;

interface Phase {
  /** Reads of the other servers' keys, per second. */
  readonly others: number;
  /** The longest wait of a reader of the struck server's keys, milliseconds. */
  readonly longestMs: number;
  /** How long the event loop stood still at most: what the machine, and not Redis, made callers wait. */
  readonly stillMs: number;
}

function open(cluster: Cluster): CacheHandle {
  return createCache({ redis: cluster.url, logger: false, memory: { max: 1_000 } });
}

async function untilNormal(cache: CacheHandle): Promise<void> {
  await until(() => cache.status().mode === 'normal', 'Redis serves', FAILOVER_MS);
}

/** Reads in closed loops for a second. */
async function phase(cache: CacheHandle, cluster: Cluster): Promise<Phase> {
  const endsAt = performance.now() + PHASE_MS;
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  let reads = 0;
  let longestMs = 0;
  const read = async (share: number, i: number): Promise<void> => {
    const keys = cluster.keysOf(share, READERS);
    while (performance.now() < endsAt) {
      const began = performance.now();
      await cache.get(keys[i] as string);
      if (share > 0) reads++;
      else longestMs = Math.max(longestMs, performance.now() - began);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const readers = [0, 1, 2].flatMap((share) =>
    Array.from({ length: READERS }, (_, i) => read(share, i)),
  );
  await Promise.all(readers);
  delays.disable();
  return { others: reads / (PHASE_MS / 1_000), longestMs, stillMs: delays.max / 1e6 };
}

async function frozenCycles(count: number): Promise<void> {
  const cluster = await Cluster.start({ replicas: 0, nodeTimeoutMs: 15_000 });
  const cache = open(cluster);
  await untilNormal(cache);
  for (const share of [0, 1, 2]) {
    await cache.setMany(new Map(cluster.keysOf(share, READERS).map((key) => [key, key])));
  }
  const ratios: number[] = [];
  const waits: Phase[] = [];
  for (let i = 0; i < count; i++) {
    const healthy = await phase(cache, cluster);
    cluster.masters[0]?.hang();
    const frozen = await phase(cache, cluster);
    cluster.masters[0]?.thaw();
    ratios.push(frozen.others / healthy.others);
    waits.push(frozen);
    await untilNormal(cache);
  }
  ratios.sort((a, b) => a - b);
  const shown = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
  console.log(`others, frozen ÷ healthy: median ${median(ratios).toFixed(2)} (${shown})`);
  const worst = waits.reduce((a, b) => (a.longestMs > b.longestMs ? a : b));
  console.log(
    `longest wait for the frozen server: ${worst.longestMs.toFixed(1)} ms; the event loop stood still for up to ${worst.stillMs.toFixed(1)} ms then`,
  );
  await cache.close();
  await cluster.stop();
}

function median(sorted: readonly number[]): number {
  const [a = 0, b = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (a + b) / 2;
}

/** One server frozen, another killed, the third failed over by hand. */
async function threeFail(): Promise<string> {
  const cluster = await Cluster.start();
  const cache = open(cluster);
  await untilNormal(cache);
  const isAtReplica = (share: number): boolean =>
    cache
      .status()
      .shards?.some(
        ({ address, state }) =>
          address.endsWith(`:${cluster.replicaOf(share).port}`) && state === 'closed',
      ) === true;
  const promoted = async (share: number): Promise<number> => {
    const replica: RedisServer = cluster.replicaOf(share);
    const isMaster = async (): Promise<boolean> =>
      String(await replica.command('INFO', 'replication')).includes('role:master');
    await until(isMaster, 'the replica is promoted', FAILOVER_MS);
    return performance.now();
  };
  cluster.masters[0]?.hang();
  const first = await promoted(0);
  await until(() => isAtReplica(0), 'the first is used', FAILOVER_MS);
  const firstMs = performance.now() - first;
  await cluster.masters[1]?.kill();
  const second = await promoted(1);
  await until(() => isAtReplica(1), 'the second is used', FAILOVER_MS);
  const secondMs = performance.now() - second;
  await cluster.replicaOf(2).command('CLUSTER', 'FAILOVER');
  const third = await promoted(2);
  await until(() => [0, 1, 2].every(isAtReplica), 'all are used', FAILOVER_MS);
  const thirdMs = performance.now() - third;
  await cache.close();
  await cluster.stop();
  return [firstMs, secondMs, thirdMs].map((ms) => ms.toFixed(0)).join(' ');
}

async function main(): Promise<void> {
  const [cycles = 16, runs = 10] = process.argv.slice(2).map(Number);
  await frozenCycles(cycles);
  let served = 0;
  for (let i = 0; i < runs; i++) {
    const times = await threeFail();
    served++;
    console.log(`used after its promotion, settling time included, ms: ${times}`);
    await pause(100);
  }
  console.log(`all shards served again: ${served} of ${runs}`);
}

void main();
