// The hot path of this build beside that of another one: a hit from Redis, alone and 64 at once, and a hit from memory.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { atLeast, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, progress, quartiles, say, table } from '../lib/report.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { type Summary, shuffled, summarise } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import type { HotOperations } from '../workers/hot.js';

const PACKAGE = 'express-cache-health';
const SIZE = 200;

/** `control` is the other build once more: how far apart two equal processes lie. */
type Build = 'before' | 'control' | 'now';
const BUILDS: readonly Build[] = ['before', 'control', 'now'];

interface Case {
  readonly title: string;
  readonly subject: 'ours' | 'ours-memory';
  readonly concurrency: number;
}

const CASES: readonly Case[] = [
  { title: 'hit from Redis, 1 at once', subject: 'ours', concurrency: 1 },
  { title: 'hit from Redis, 64 at once', subject: 'ours', concurrency: 64 },
  { title: 'hit from memory', subject: 'ours-memory', concurrency: 1 },
];

interface Plan {
  /** Fresh processes, because two processes of one build are compiled differently by V8. */
  readonly processes: number;
  readonly rounds: number;
  readonly ms: number;
}

/** Calls a second of one round. */
type Rates = Readonly<Record<Build, number>>;

interface Figures {
  readonly title: string;
  readonly before: Summary;
  readonly now: Summary;
  readonly ratio: Summary;
  readonly control: Summary;
}

type Opened = ReadonlyMap<Build, Worker<HotOperations>>;

export async function compare(options: Options): Promise<Result> {
  const entry = entryOf(options.before ?? '');
  const plan = options.quick
    ? { processes: 1, rounds: 4, ms: 60 }
    : { processes: options.repeat ?? 4, rounds: 8, ms: 150 };
  const rates = new Map<Case, Rates[]>(CASES.map((one) => [one, []]));
  const redis = await startRedis();
  try {
    for (let process = 1; process <= plan.processes; process++) {
      for (const one of shuffled(CASES)) {
        progress(`compare: ${one.title}, processes ${process} of ${plan.processes}`);
        rates.get(one)?.push(...(await inFreshProcesses(one, entry, redis.port, plan)));
      }
    }
  } finally {
    await redis.stop();
  }
  const figures = [...rates].map(([one, list]) => figuresOf(one, list));
  print(figures);
  const lines = figures.map(({ title, ratio, control }) => {
    // Equal builds differ by as much as the control says.
    const spread = Math.max(ratio.spread, control.spread);
    return judge(`${title}: now ÷ before`, atLeast(1), { ...ratio, spread });
  });
  return { figures: { cases: figures }, lines };
}

/** The entry file of the package in a folder, which is its own or one where it is installed. */
function entryOf(folder: string): string {
  const places = [resolve(folder), resolve(folder, 'node_modules', PACKAGE)];
  for (const place of places) {
    const manifest = join(place, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, main } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (name === PACKAGE) return join(place, main);
  }
  throw new Error(`No ${PACKAGE} is installed in '${folder}'`);
}

async function inFreshProcesses(
  one: Case,
  entry: string,
  port: number,
  { rounds, ms }: Plan,
): Promise<Rates[]> {
  const opened = await open(one, entry, port);
  const { concurrency } = one;
  const rateOf = async (build: Build): Promise<number> => {
    const worker = opened.get(build) as Worker<HotOperations>;
    if (one.subject === 'ours-memory') {
      return 1e9 / (await worker.call('runMemory', { size: SIZE, ms })).ns;
    }
    const slice = { kind: 'hit', size: SIZE, concurrency, ms } as const;
    return (await worker.call('run', slice)).perSecond;
  };
  const measured: Rates[] = [];
  // The first two rounds warm up.
  for (let round = -2; round < rounds; round++) {
    const rates: Partial<Record<Build, number>> = {};
    for (const build of shuffled(BUILDS)) rates[build] = await rateOf(build);
    if (round >= 0) measured.push(rates as Rates);
  }
  await Promise.all([...opened.values()].map((worker) => worker.stop()));
  return measured;
}

async function open({ subject }: Case, entry: string, port: number): Promise<Opened> {
  const opened = new Map<Build, Worker<HotOperations>>();
  for (const build of shuffled(BUILDS)) {
    const env = build === 'now' ? {} : { BENCH_SUBJECT: entry };
    const worker = startWorker<HotOperations>('hot', { env });
    await worker.call('open', { name: subject, port, memoryMax: 2_000 });
    await sleep(200);
    await worker.call('fill', { size: SIZE });
    opened.set(build, worker);
  }
  return opened;
}

function figuresOf({ title }: Case, rates: readonly Rates[]): Figures {
  return {
    title,
    before: summarise(rates.map(({ before }) => before)),
    now: summarise(rates.map(({ now }) => now)),
    ratio: summarise(rates.map(({ now, before }) => now / before)),
    control: summarise(rates.map(({ control, before }) => control / before)),
  };
}

function print(figures: readonly Figures[]): void {
  say('\n### Hot path, now and before: median [quartiles]\n');
  const head = ['case', 'before, a second', 'now, a second', 'now ÷ before', 'before ÷ before'];
  const rows = figures.map(({ title, before, now, ratio, control }) => [
    ...[title, figure(before.median), figure(now.median), quartiles(ratio), quartiles(control)],
  ]);
  table(head, rows);
}
