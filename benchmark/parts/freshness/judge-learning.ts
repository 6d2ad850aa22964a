// The bars of learned lifetimes, and the table that shows where they are met.

import { atLeast, atMost, type BarLine, judge, sum } from '../../lib/bars.js';
import { say, table, tableText } from '../../lib/report.js';
import { median } from '../../lib/stats.js';
import type { Judged } from './learning.js';

/** Data that were recorded, not made up. */
const REAL = ['election', 'outages', 'documentation'];

interface Row {
  readonly data: string;
  readonly target: number;
  readonly user: number;
  readonly runs: readonly Judged[];
}

/** Rows that docs/freshness.md shows, for a target of 1 %: data, the user's ttl ÷ the tuned one, and the name. */
const SHOWN = [
  ['election', 1, 'election results'],
  ['election', 2, '… own ttl twice as long'],
  ['outages', 1, 'power outages'],
  ['outages', 0.5, '… own ttl half as long'],
  ['documentation', 1, 'documentation'],
  ['constant rates', 1, 'made up: each key at its own constant rate'],
  ['ageing', 1, 'made up: ageing values'],
  ['all alike', 1, 'made up: all keys alike'],
  ['rates × 10 midway', 1, 'made up: all rates × 10 midway'],
] as const;

export interface Verdicts {
  readonly lines: readonly BarLine[];
  /** For docs/freshness.md. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Prints a row for each data set, target and ttl of the user, and returns the bars. Figures are medians of the seeds. */
export function judgeRows(all: readonly Judged[]): Verdicts {
  const rows = rowsOf(all);
  print(rows);
  const met = rows.filter(({ target, runs }) => of(runs, ownStale) <= target);
  const real = rows.filter(({ data }) => REAL.includes(data));
  const ratios = real.map(({ runs }) => of(runs, toHindsight));
  const alike = rows.filter(({ data }) => data === 'all alike');
  const switched = rows.filter(({ data }) => data === 'rates × 10 midway');
  const worst = (some: readonly Row[], read: (row: Row) => number): ReturnType<typeof sum> =>
    sum([Math.max(...some.map(read))]);
  const stale = ({ runs, target }: Row): number => of(runs, ({ life }) => life.stale) / target;
  const keys = ({ runs, target }: Row): number => of(runs, ({ life }) => life.worstKeys) / target;
  const later = ({ runs, target }: Row): number => of(runs, (run) => run.afterMiddle) / target;
  const covered = all.filter(({ isCovered }) => isCovered).length / all.length;
  const kept = rows.filter((row) => stale(row) <= 1.15).length / rows.length;
  const lines = [
    judge('learned: rows with stale ≤ 1.15 × target', atLeast(1, ''), sum([kept])),
    judge('learned: stale ÷ target, the worst row', atMost(1.15), worst(rows, stale)),
    judge(
      'learned: load ÷ own ttl that keeps it, worst',
      atMost(1.05),
      worst(met, ({ runs }) => of(runs, toOwn)),
    ),
    judge('learned: load ÷ hindsight, real data', atMost(0.8), sum([geometric(ratios)])),
    judge('learned: the same, the worst row', atMost(1.15), sum([Math.max(...ratios)])),
    judge(
      'learned: load ÷ hindsight, all alike',
      atMost(1.08),
      worst(alike, ({ runs }) => of(runs, toHindsight)),
    ),
    judge('learned: stale ÷ target after a switch', atMost(1.5), worst(switched, later)),
    judge('learned: the interval covers the truth', atLeast(0.85, ''), sum([covered])),
    judge('learned: 95th key ÷ target, the worst row', atMost(4), worst(rows, keys)),
  ];
  return { lines, texts: { learned: shownTable(rows), missed: missedText(rows, stale) } };
}

function shownTable(rows: readonly Row[]): string {
  const head = ['data', 'stale: own', 'learned', 'loads per read: own', 'learned', '÷ best'];
  const shown = SHOWN.flatMap(([data, user, name]) => {
    const row = rows.find((one) => one.data === data && one.user === user && one.target === 0.01);
    return row === undefined ? [] : [[name, ...figuresOf(row)]];
  });
  return tableText([...head, 'at a limit'], shown);
}

function figuresOf({ runs }: Row): readonly string[] {
  return [
    ...[percent(of(runs, ownStale)), percent(of(runs, ({ life }) => life.stale))],
    ...[of(runs, ({ own }) => own.load).toFixed(3), of(runs, ({ life }) => life.load).toFixed(3)],
    ...[of(runs, toHindsight).toFixed(2), `${(100 * of(runs, atClamp)).toFixed(0)} %`],
  ];
}

/** Which rows miss the target, and what became of their lifetimes. */
function missedText(rows: readonly Row[], stale: (row: Row) => number): string {
  const missed = rows.filter((row) => stale(row) > 1.15);
  const kept = `In ${rows.length - missed.length} of the ${rows.length} rows (7 histories, 3 targets, 3 ttls) stale reads were at most 1.15 times the target.`;
  if (missed.length === 0) return kept;
  const head = [
    'data',
    'target',
    'own ttl ÷ tuned',
    'stale ÷ target',
    'with the own ttl',
    'at the end',
  ];
  const list = missed.map((row) => [
    ...[row.data, percent(row.target), row.user, stale(row).toFixed(2)],
    ...[(of(row.runs, ownStale) / row.target).toFixed(2), endsOf(row.runs)],
  ]);
  return `${kept} The others:\n\n${tableText(head, list)}`;
}

function rowsOf(all: readonly Judged[]): readonly Row[] {
  const rows = new Map<string, Judged[]>();
  for (const run of all) {
    const name = `${run.data} ${run.target} ${run.user}`;
    rows.set(name, [...(rows.get(name) ?? []), run]);
  }
  return [...rows.values()].map((runs) => {
    const { data, target, user } = runs[0] as Judged;
    return { data, target, user, runs };
  });
}

function print(rows: readonly Row[]): void {
  say(
    '\n### Learned lifetimes, on keys and times that nothing was tuned on: median of the seeds\n',
  );
  table(
    [
      ...['data', 'target', 'ttl ÷ tuned', 'stale: own ttl', 'learned'],
      ...[
        'load: own ttl',
        'learned',
        '÷ own',
        '÷ hindsight',
        'at a limit',
        '95th key',
        'at the end',
      ],
    ],
    rows.map(({ data, target, user, runs }) => [
      ...[data, percent(target), user, percent(of(runs, ownStale))],
      ...[percent(of(runs, ({ life }) => life.stale)), of(runs, ({ own }) => own.load).toFixed(3)],
      ...[of(runs, ({ life }) => life.load).toFixed(3), of(runs, toOwn).toFixed(2)],
      ...[of(runs, toHindsight).toFixed(2), percent(of(runs, atClamp))],
      ...[percent(of(runs, ({ life }) => life.worstKeys)), endsOf(runs)],
    ]),
  );
}

/** How many runs are in each state at the end. */
function endsOf(runs: readonly Judged[]): string {
  const counts = new Map<string, number>();
  for (const { life } of runs) counts.set(life.state, (counts.get(life.state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const of = (runs: readonly Judged[], read: (run: Judged) => number): number =>
  median(runs.map(read));
const ownStale = ({ own }: Judged): number => own.stale;
const atClamp = ({ life }: Judged): number => life.atClamp;
const toOwn = ({ life, own }: Judged): number => life.load / own.load;
const toHindsight = ({ life, hindsight }: Judged): number => life.load / hindsight;

function geometric(values: readonly number[]): number {
  return Math.exp(values.reduce((a, b) => a + Math.log(b), 0) / values.length);
}
