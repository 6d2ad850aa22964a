// Hot keys in memory while Redis serves: how quick, and how old.

import { atLeast, atMost, type BarLine, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, progress, say, spread, table } from '../lib/report.js';
import { interleaved } from '../lib/rounds.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { type Summary, summarise, worst } from '../lib/stats.js';
import type { HotOperations } from '../workers/hot.js';
import type { NearOperations } from '../workers/near.js';

const NAMES = ['ours', 'ours (near)', 'ours (near, frozen)'] as const;
type Name = (typeof NAMES)[number];
const MAX_STALE_MS = 250;

interface Figures {
  readonly name: Name;
  readonly perSecond: Summary;
  /** × a hit from Redis. */
  readonly ratio: Summary;
}

export async function near(options: Options): Promise<Result> {
  const plan = options.quick ? { rounds: 3, ms: 60 } : { rounds: 7, ms: 200 };
  const server = await startRedis();
  try {
    const hits = await hitsOf(server.port, { ...plan, rounds: options.repeat ?? plan.rounds });
    const stale = await stalenessOf(server.port, options.quick ? 1_500 : 10_000);
    print(hits, stale);
    return { figures: { hits, stale }, lines: bars(hits, stale) };
  } finally {
    await server.stop();
  }
}

async function hitsOf(
  port: number,
  { rounds, ms }: { readonly rounds: number; readonly ms: number },
): Promise<Figures[]> {
  const workers = new Map<Name, Worker<HotOperations>>();
  try {
    for (const name of NAMES) {
      const worker = startWorker<HotOperations>('hot');
      workers.set(name, worker);
      await worker.call('open', { name, port, memoryMax: 2_000 });
      await worker.call('fill', { size: 200 });
      await worker.call('warmUp', { size: 200, concurrency: 1 });
    }
    const samples = await interleaved('near: hits, 1 at once', NAMES, rounds, (name) => {
      const worker = workers.get(name) as Worker<HotOperations>;
      return worker.call('run', { kind: 'hit', size: 200, concurrency: 1, ms });
    });
    const base = samples.get('ours') ?? [];
    return [...samples].map(([name, list]) => ({
      name,
      perSecond: summarise(list.map((one) => one.perSecond)),
      ratio: summarise(list.map((one, i) => one.perSecond / (base[i]?.perSecond ?? Number.NaN))),
    }));
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  }
}

async function stalenessOf(
  port: number,
  ms: number,
): Promise<{ readonly longestMs: number; readonly nearHits: number }> {
  progress('near: how old a near hit is');
  const worker = startWorker<NearOperations>('near');
  try {
    await worker.call('open', { port });
    return await worker.call('staleness', { ms });
  } finally {
    await worker.stop();
  }
}

function print(
  hits: readonly Figures[],
  { longestMs, nearHits }: { readonly longestMs: number; readonly nearHits: number },
): void {
  say('\n### A hot key, one read at a time\n');
  table(
    ['subject', 'a second', '× a hit from Redis'],
    hits.map(({ name, perSecond, ratio }) => [name, figure(perSecond.median), spread(ratio)]),
  );
  const count = figure(nearHits);
  say(`\nThe oldest of ${count} near hits, one write in 40 ms: ${figure(longestMs)} ms\n`);
}

function bars(hits: readonly Figures[], { longestMs }: { readonly longestMs: number }): BarLine[] {
  const own = hits.find(({ name }) => name === 'ours (near)')?.ratio;
  return [
    judge('near hit ÷ Redis hit, one at a time', atLeast(20), own),
    judge('near hit: the oldest', atMost(MAX_STALE_MS, ' ms'), worst([longestMs], 'high')),
  ];
}
