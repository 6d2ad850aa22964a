// Many keys in one call, and many calls at once, beside node-redis alone without its timer.

import { atLeast, atMost, type BarLine, judge } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { figure, progress, quartiles, say, table } from '../../lib/report.js';
import { type Summary, shuffled, summarise } from '../../lib/stats.js';
import { Bench, type Pair, type Side } from './bench.js';
import { CASES, type Case, nameOf } from './cases.js';

type Calls = Readonly<Record<Side, number>>;

interface Figures {
  readonly name: string;
  readonly ours: Summary;
  readonly bare: Summary;
  readonly ratio: Summary;
  /** Microseconds of processor a key. */
  readonly cpuUs: Summary;
  readonly redisUs: Summary;
  readonly redisRatio: Summary;
  /** Why slices failed. */
  readonly failures: readonly string[];
}

export async function bulk(options: Options): Promise<Result> {
  const plan = options.quick ? { rounds: 3, ms: 60 } : { rounds: 9, ms: 150 };
  const rounds = options.repeat ?? plan.rounds;
  const bench = await Bench.open();
  try {
    const calls = new Map<Case, Calls>();
    for (const one of CASES) calls.set(one, await callsOf(bench, one, plan.ms));
    const pairs = new Map<Case, Pair[]>(CASES.map((one) => [one, []]));
    for (let round = 1; round <= rounds; round++) {
      progress(`bulk: round ${round} of ${rounds}`);
      for (const one of shuffled(CASES)) {
        if (round > roundsOf(one, options)) continue;
        pairs.get(one)?.push(await bench.round(one, calls.get(one) as Calls));
      }
    }
    const figures = [...pairs].map(([one, list]) => figuresOf(one, list));
    print(figures);
    return { figures: { cases: figures }, lines: CASES.flatMap((one) => bars(one, figures)) };
  } finally {
    await bench.close();
  }
}

async function callsOf(bench: Bench, one: Case, ms: number): Promise<Calls> {
  progress(`bulk: warming up, ${nameOf(one)}`);
  if (one.fixed) return { ours: one.fixed.calls, bare: one.fixed.calls };
  const bare = await bench.callsFor(one, 'bare', ms);
  return { ours: await bench.callsFor(one, 'ours', ms), bare };
}

function roundsOf({ fixed }: Case, { quick }: Options): number {
  if (fixed === undefined) return Number.POSITIVE_INFINITY;
  return quick ? 1 : fixed.rounds;
}

/** Ratios round by round, so that what disturbs one round disturbs both of its sides. */
function figuresOf(one: Case, pairs: readonly Pair[]): Figures {
  return {
    name: nameOf(one),
    ours: summarise(pairs.map(({ ours }) => ours.keysPerSecond)),
    bare: summarise(pairs.map(({ bare }) => bare.keysPerSecond)),
    ratio: summarise(pairs.map(({ ours, bare }) => ours.keysPerSecond / bare.keysPerSecond)),
    cpuUs: summarise(pairs.map(({ ours }) => ours.cpuUs)),
    redisUs: summarise(pairs.map(({ ours }) => ours.redisUs)),
    redisRatio: summarise(pairs.map(({ ours, bare }) => ours.redisUs / bare.redisUs)),
    failures: pairs.flatMap(({ ours, bare }) => [ours.failed ?? [], bare.failed ?? []].flat()),
  };
}

const HEAD = [
  ...['case', 'keys a second', 'bare', 'ours ÷ bare', 'CPU µs a key', 'Redis µs a key'],
  'Redis, ours ÷ bare',
];

function print(figures: readonly Figures[]): void {
  say('\n### Many keys: median [quartiles]\n');
  const rows = figures.map(({ name, ours, bare, ratio, cpuUs, redisUs, redisRatio }) => [
    ...[name, figure(ours.median), figure(bare.median), quartiles(ratio)],
    ...[figure(cpuUs.median), figure(redisUs.median), quartiles(redisRatio)],
  ]);
  table(HEAD, rows);
  for (const { name, failures } of figures) {
    if (failures.length > 0) say(`(${name}: ${failures.length} slices failed: ${failures[0]})`);
  }
}

function bars(one: Case, figures: readonly Figures[]): BarLine[] {
  const found = figures.find(({ name }) => name === nameOf(one));
  const { least, mostCpu, bare } = one;
  const lines: BarLine[] = [];
  if (least !== undefined) {
    lines.push(judge(`${nameOf(one)} ÷ ${bare}`, atLeast(least), found?.ratio));
  }
  if (mostCpu !== undefined) {
    const what = `Redis' processor time, ${nameOf(one)} ÷ ${bare}`;
    lines.push(judge(what, atMost(mostCpu, '×'), found?.redisRatio));
  }
  return lines;
}
