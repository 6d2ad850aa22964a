import {
  atLeast,
  atMost,
  type Bar,
  type BarLine,
  judge,
  sum,
  told,
  WORST,
} from '../../lib/bars.js';
import { summarise, worst } from '../../lib/stats.js';
import type { MemoryRun } from './memory.js';
import { type Good, isGood, type Run } from './run.js';

export const OURS = 'ours (1000)';
export const RIVAL = 'bento-tuned';

const SICK = ['kill', 'hang', 'blackhole', 'lost'];

/** What is judged in each fault. */
interface Judged {
  readonly what: string;
  readonly faults: readonly string[];
  readonly bar: Bar;
  pick(run: Good): number;
  /** Each run counts, not the median. */
  readonly isEach?: boolean;
}

const BACK = 'back on Redis, the longest of all runs';

const JUDGED: readonly Judged[] = [
  {
    what: 'slowest request of all runs',
    faults: ['hang', 'blackhole', 'lost'],
    bar: atMost(80, ' ms'),
    pick: (one) => one.during.slowest,
    isEach: true,
  },
  {
    what: 'slowest request of all runs',
    faults: ['kill'],
    bar: atMost(60, ' ms'),
    pick: (one) => one.during.slowest,
    isEach: true,
  },
  {
    what: 'from boot: listening after, the longest of all runs',
    faults: ['refused'],
    bar: atMost(1_000, ' ms'),
    pick: (one) => one.listeningMs,
    isEach: true,
  },
  {
    what: 'from boot: p99',
    faults: ['refused'],
    bar: atMost(90, ' ms'),
    pick: (one) => one.during.probe.p99,
  },
  {
    what: 'requests over 100 ms',
    faults: ['slow'],
    bar: atMost(0.5, ' %'),
    pick: (one) => one.during.over100 * 100,
  },
  {
    what: BACK,
    faults: ['kill', 'lost'],
    bar: atMost(1_000, ' ms'),
    pick: (one) => one.backMs,
    isEach: true,
  },
  {
    what: BACK,
    faults: ['hang', 'blackhole'],
    bar: atMost(500, ' ms'),
    pick: (one) => one.backMs,
    isEach: true,
  },
];

export function outageBars(
  runs: readonly Run[],
  memory: readonly MemoryRun[],
  faults: readonly string[],
): BarLine[] {
  const own = (fault: string): Run[] =>
    runs.filter((one) => one.name === OURS && one.fault === fault);
  const lines = JUDGED.flatMap((judged) =>
    judged.faults
      .filter((fault) => own(fault).length > 0)
      .map((fault) => judgeFault(judged, fault, own(fault))),
  );
  for (const fault of faults) lines.push(...rateLines(fault, own(fault), runs));
  for (const fault of SICK) lines.push(...queryLines(fault, own(fault), runs));
  const all = faults.flatMap(own);
  if (all.length > 0) lines.push(judge(BAD, atMost(0), sum(all.map(badOf))));
  const growth = memory.find((one) => one.name === OURS);
  if (growth) {
    const mb = growth.growth?.growthMb ?? Number.POSITIVE_INFINITY;
    lines.push(judge('heap growth in a hang at full load', atMost(5, ' MB'), summarise([mb])));
  }
  return lines;
}

const BAD = 'wrong, failed or refused requests, all faults';

function badOf(run: Run): number {
  if (!isGood(run)) return Number.POSITIVE_INFINITY;
  return run.during.bad + run.after.bad + run.unhandled;
}

function judgeFault(judged: Judged, fault: string, own: readonly Run[]): BarLine {
  const { direction } = judged.bar;
  const values = own.map((one) => (isGood(one) ? judged.pick(one) : WORST[direction]));
  const summary = judged.isEach
    ? worst(values, direction === 'at most' ? 'high' : 'low')
    : summarise(values);
  return judge(`${fault}: ${judged.what}`, judged.bar, summary);
}

/** Requests a second in the fault, of two runs of one round; and how many that are, beside what is kept of before. */
function rateLines(fault: string, own: readonly Run[], runs: readonly Run[]): BarLine[] {
  const theirs = runs.filter((one) => one.name === RIVAL && one.fault === fault).filter(isGood);
  if (own.length === 0 || theirs.length === 0) return [];
  const ratios = own.map((one) => {
    const other = theirs.find(({ round }) => round === one.round);
    return isGood(one) ? one.during.perSecond / (other?.during.perSecond ?? Number.NaN) : 0;
  });
  const rates = summarise(own.map((one) => (isGood(one) ? one.during.perSecond : 0)));
  return [
    judge(`${fault}: requests a second ÷ ${RIVAL}`, atLeast(1.2), summarise(ratios)),
    told(`${fault}: requests a second`, rates, ''),
  ];
}

/**
 * Queries a request, so that a subject is not blamed for answering more; of two runs of one round.
 */
function queryLines(fault: string, own: readonly Run[], runs: readonly Run[]): BarLine[] {
  const theirs = runs.filter((one) => one.name === RIVAL && one.fault === fault).filter(isGood);
  if (own.length === 0 || theirs.length === 0) return [];
  const ratios = own.map((one) => {
    if (!isGood(one)) return Number.POSITIVE_INFINITY;
    const other = theirs.find(({ round }) => round === one.round);
    return one.during.queriesPerRequest / (other?.during.queriesPerRequest ?? Number.NaN);
  });
  const ratio = summarise(ratios);
  // The keys are drawn: a count of n is good to √n, and two are compared.
  const counted = own.filter(isGood).reduce((count, one) => count + one.during.queries, 0);
  const spread = Math.hypot(ratio.spread, Math.SQRT2 / Math.sqrt(counted || 1));
  const what = `${fault}: database queries a request ÷ ${RIVAL}`;
  return [judge(what, atMost(1, '×'), { ...ratio, spread })];
}
