import { atLeast, atMost, type Bar, type BarLine, judge, sum, WORST } from '../../lib/bars.js';
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
    what: 'throughput during ÷ before',
    faults: [...SICK, 'slow'],
    bar: atLeast(0.95),
    pick: (one) => one.kept,
  },
  {
    what: 'slowest request of all runs',
    faults: SICK,
    bar: atMost(150, ' ms'),
    pick: (one) => one.during.slowest,
    isEach: true,
  },
  {
    what: 'p99 ÷ before',
    faults: SICK,
    bar: atMost(1.5, '×'),
    pick: (one) => one.during.probe.p99 / one.before.probe.p99,
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
