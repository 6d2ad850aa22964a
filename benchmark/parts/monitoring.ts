// What it costs that the cache counts: a hit with the snapshot beside one without, and a scrape.

import { atMost, type BarLine, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, progress, say, spread, table } from '../lib/report.js';
import { interleaved } from '../lib/rounds.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { type Summary, summarise } from '../lib/stats.js';
import type { ObservedOperations } from '../workers/observed.js';

const SIDES = ['with', 'without'] as const;
type Side = (typeof SIDES)[number];
type Observed = Worker<ObservedOperations>;

interface Case {
  readonly name: string;
  readonly op: 'memory' | 'redis';
  readonly hits: number;
}

const CASES: readonly Case[] = [
  { name: 'a hit in memory', op: 'memory', hits: 100_000 },
  { name: 'a hit in Redis, 64 at once', op: 'redis', hits: 10_000 },
];

interface Figures {
  readonly name: string;
  readonly with: Summary;
  readonly without: Summary;
  /** Round by round. */
  readonly ratio: Summary;
}

export async function monitoring(options: Options): Promise<Result> {
  const rounds = options.repeat ?? (options.quick ? 3 : 15);
  const server = await startRedis();
  try {
    const hits: Figures[] = [];
    for (const one of CASES) {
      hits.push(await compare(one, one.op === 'redis' ? server.port : 0, rounds));
    }
    const scrape = await scrapes(options.quick ? 5 : 50);
    print(hits, scrape);
    return { figures: { hits, scrape }, lines: bars(hits, scrape) };
  } finally {
    await server.stop();
  }
}

/** Each side has a process of its own, so that neither changes how the other is compiled. */
async function compare({ name, op, hits }: Case, port: number, rounds: number): Promise<Figures> {
  const workers = new Map<Side, Observed>();
  try {
    for (const side of SIDES) {
      const worker = startWorker<ObservedOperations>('observed');
      workers.set(side, worker);
      await worker.call('open', { counts: side === 'with', port });
      // Until the code is compiled.
      for (let i = 0; i < 3; i++) await worker.call(op, { hits });
    }
    const samples = await interleaved(`monitoring: ${name}`, SIDES, rounds, (side) =>
      (workers.get(side) as Observed).call(op, { hits }),
    );
    const [counted = [], plain = []] = SIDES.map((side) => samples.get(side));
    return {
      name,
      with: summarise(counted),
      without: summarise(plain),
      ratio: summarise(counted.map((ns, i) => ns / (plain[i] as number))),
    };
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  }
}

async function scrapes(count: number): Promise<Summary> {
  progress('monitoring: a scrape after a million hits');
  const worker = startWorker<ObservedOperations>('observed');
  try {
    await worker.call('open', { counts: true, port: 0 });
    return summarise(await worker.call('scrapes', { count }));
  } finally {
    await worker.stop();
  }
}

function print(hits: readonly Figures[], scrape: Summary): void {
  say('\n### What counting costs\n');
  const rows = hits.map((one) => [
    ...[one.name, spread(one.without), spread(one.with), spread(one.ratio)],
  ]);
  table(['what', 'without, ns', 'with the snapshot, ns', 'with ÷ without'], rows);
  say('\n### A scrape by Prometheus, after a million hits\n');
  table(['ms', 'slowest'], [[spread(scrape), figure(scrape.max)]]);
}

function bars(hits: readonly Figures[], scrape: Summary): BarLine[] {
  return [
    ...hits.map(({ name, ratio }) =>
      judge(`${name}, with the snapshot ÷ without`, atMost(1, '×'), ratio),
    ),
    judge('a scrape after a million hits', atMost(2, ' ms'), scrape),
  ];
}
