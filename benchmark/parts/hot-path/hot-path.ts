// What a cache call costs while all is well.

import type { RedisServer } from '../../../test/support/redis-server.js';
import { type Options, type Result, wanted } from '../../lib/part.js';
import { startRedis } from '../../lib/redis.js';
import { firstLine, progress, say } from '../../lib/report.js';
import { interleaved, type Plan } from '../../lib/rounds.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { summarise } from '../../lib/stats.js';
import { sleep } from '../../lib/time.js';
import type { HotOperations, SliceResult } from '../../workers/hot.js';
import { hotBars } from './bars.js';
import {
  BARE_FAST,
  BY_HAND,
  baseOf,
  CACHES,
  type Case,
  DRIVERS,
  GETTERS,
  ISOLATING,
  MEMORY,
  type MemoryCase,
  QUICK,
  type RedisCase,
  type RedisFigures,
  SIZES,
} from './cases.js';
import { goodDay, printMemory, printRedis } from './report.js';

type Workers = ReadonlyMap<string, Worker<HotOperations>>;

export async function hotPath(options: Options): Promise<Result> {
  const quick = options.quick ? { rounds: 3, ms: 60 } : { rounds: 7, ms: 200 };
  const plan = { ...quick, rounds: options.repeat ?? quick.rounds };
  const server = await startRedis();
  try {
    const shown = (names: readonly string[]): readonly string[] =>
      options.quick ? names.filter((name) => QUICK.includes(name)) : names;
    const caches = shown(wanted(CACHES, options));
    const holders = wanted(MEMORY, options);
    const drivers = shown(DRIVERS);
    const redis = caches.length > 0 ? await redisCases(server, [...drivers, ...caches], plan) : [];
    const memory = await memoryCases(holders, plan);
    const lines = hotBars({ redis, memory, names: [...caches, ...holders] });
    return { figures: { redis, memory }, lines, pictures: goodDay(redis) };
  } finally {
    await server.stop();
  }
}

interface Opening {
  readonly port: number;
  readonly memoryMax: number;
}

/** Starts a process for each subject. */
async function openAll(names: readonly string[], opening: Opening): Promise<Workers> {
  const workers = new Map<string, Worker<HotOperations>>();
  for (const name of names) {
    progress(`hot path: starting ${name}`);
    const worker = startWorker<HotOperations>('hot');
    try {
      await worker.call('open', { name, ...opening });
      await sleep(200);
      for (const size of SIZES) await worker.call('fill', { size });
      const concurrency = opening.port === 0 ? 1 : 64;
      for (const size of SIZES) await worker.call('warmUp', { size, concurrency });
      workers.set(name, worker);
    } catch (error) {
      say(`(${name}: ${firstLine(error)})`);
      await worker.stop();
    }
  }
  return workers;
}

function workerOf(workers: Workers, name: string): Worker<HotOperations> {
  return workers.get(name) as Worker<HotOperations>;
}

async function stopAll(workers: Workers): Promise<void> {
  for (const worker of workers.values()) await worker.stop();
}

async function redisCases(
  server: RedisServer,
  subjects: readonly string[],
  plan: Plan,
): Promise<RedisCase[]> {
  // A memory layer of one entry, so that every read of the peers goes to Redis.
  const workers = await openAll(subjects, { port: server.port, memoryMax: 1 });
  const hits = SIZES.flatMap((size) =>
    (size === 200 ? [64, 8, 1] : [64, 1]).map(
      (concurrency): Case => ({ kind: 'hit', size, concurrency }),
    ),
  );
  const rest: Case[] = [
    { kind: 'miss', size: 200, concurrency: 64 },
    { kind: 'set', size: 200, concurrency: 64 },
  ];
  const measured: RedisCase[] = [];
  for (const one of [...hits, ...rest]) {
    const able = [...workers.keys()].filter((name) => one.kind === 'hit' || isWriter(name, one));
    const title = `hot path: ${one.kind} ${one.size} B ×${one.concurrency}`;
    const samples = await interleaved(title, able, plan.rounds, (name) =>
      workerOf(workers, name).call('run', { ...one, ms: plan.ms }),
    );
    const results = compare(samples, baseOf(one));
    measured.push({ ...one, results });
    printRedis({ ...one, results });
  }
  await stopAll(workers);
  return measured;
}

/** The bare drivers load nothing on a miss; async-cache-dedupe has no public set. */
function isWriter(name: string, { kind }: Case): boolean {
  return !GETTERS.includes(name) && !(kind === 'set' && name === 'async-cache-dedupe');
}

/** Ratios round by round, so that what disturbs one round disturbs both sides of its ratio. */
function compare(
  samples: ReadonlyMap<string, readonly SliceResult[]>,
  base: string,
): RedisFigures[] {
  const rate = (name: string, i: number): number => samples.get(name)?.[i]?.perSecond ?? Number.NaN;
  return [...samples].map(([name, list]) => ({
    name,
    loads: list.reduce((count, one) => count + one.loads, 0),
    perSecond: summarise(list.map((one) => one.perSecond)),
    cpuUs: summarise(list.map((one) => one.cpuUs)),
    ratio: summarise(list.map((one, i) => one.perSecond / rate(base, i))),
    ratioFast: summarise(list.map((one, i) => one.perSecond / rate(BARE_FAST, i))),
    ratioLimit: summarise(list.map((one, i) => one.perSecond / rate(BY_HAND, i))),
  }));
}

async function memoryCases(subjects: readonly string[], plan: Plan): Promise<MemoryCase[]> {
  const workers = await openAll(subjects, { port: 0, memoryMax: 2_000 });
  const measured: MemoryCase[] = [];
  for (const size of SIZES) {
    const title = `hot path: memory ${size} B`;
    const samples = await interleaved(title, [...workers.keys()], plan.rounds, (name) =>
      workerOf(workers, name).call('runMemory', { size, ms: plan.ms }),
    );
    const fastest = (i: number): number => {
      const peers = ISOLATING.flatMap((name) => samples.get(name)?.[i]?.cpuNs ?? []);
      return peers.length === 0 ? Number.NaN : Math.min(...peers);
    };
    const nsOf = (name: string, i: number): number => samples.get(name)?.[i]?.cpuNs ?? Number.NaN;
    const results = [...samples].map(([name, list]) => ({
      name,
      ns: summarise(list.map((one) => one.ns)),
      cpuNs: summarise(list.map((one) => one.cpuNs)),
      faster: summarise(list.map((one, i) => fastest(i) / one.cpuNs)),
      ofParsed: summarise(list.map((one, i) => nsOf('lru-cache + JSON.parse', i) / one.cpuNs)),
      ofAwaited: summarise(list.map((one, i) => nsOf('lru-cache (awaited)', i) / one.cpuNs)),
      ofLru: summarise(list.map((one, i) => nsOf('lru-cache', i) / one.cpuNs)),
    }));
    measured.push({ size, results });
    printMemory({ size, results });
  }
  await stopAll(workers);
  return measured;
}
