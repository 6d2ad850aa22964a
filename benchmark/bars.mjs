// The bars of the project, with the figures just measured beside them.

import { figure, say, table } from './lib/report.mjs';
import { summarise, worst } from './lib/stats.mjs';
import { BARE, BARE_FAST, ISOLATING } from './parts/hot-path.mjs';

const SICK = ['kill', 'hang', 'blackhole', 'lost'];
const OURS = 'ours (1000)';
const RIVAL = 'bento-tuned';

/** What a run that failed counts as. */
const WORST = { 'at most': Number.POSITIVE_INFINITY, 'at least': 0 };

/**
 * One line of the table. A bar is missed when the figure is beyond it by more than the run-to-run spread;
 * also when there is no figure, for then the run that was to give it has failed.
 *
 * @typedef {{ what: string, bar: string, summary: import('./lib/stats.mjs').Summary, isMet: 'yes' | 'within the spread' | 'no', unit: string }} Line
 */
function line(what, direction, limit, summary, unit = '') {
  const bar = `${direction === 'at least' ? '≥' : '≤'} ${figure(limit)}${unit}`;
  return { what, bar, summary, unit, isMet: isMet(direction, limit, summary) };
}

function isMet(direction, limit, summary) {
  if (!(summary?.n > 0) || !Number.isFinite(summary.median)) return 'no';
  const { median, spread, n } = summary;
  const lead = (median - limit) * (direction === 'at least' ? 1 : -1);
  if (lead >= 0) return 'yes';
  // Two repetitions say little about how far they lie apart.
  return n >= 3 && Number.isFinite(spread) && lead + spread >= 0 ? 'within the spread' : 'no';
}

function hotLines({ redis, memory, names }) {
  const hit = (size, concurrency) =>
    redis
      .find((one) => one.kind === 'hit' && one.size === size && one.concurrency === concurrency)
      ?.results.find((one) => one.name === 'ours');
  const inMemory = memory
    .find((one) => one.size === 200)
    ?.results.find((one) => one.name === 'ours-memory');
  const lines = [];
  if (names.includes('ours')) {
    const many = hit(200, 64);
    const what = `hit from Redis, 64 at once, 200 B ÷ ${BARE}`;
    lines.push(line(what, 'at least', 2, many?.ratio, '×'));
    lines.push(line(`the same ÷ ${BARE_FAST}`, 'at least', 0.8, many?.ratioFast, '×'));
    const one = hit(200, 1)?.ratio;
    lines.push(line(`hit from Redis, 1 at once ÷ ${BARE}`, 'at least', 0.95, one, '×'));
  }
  if (names.includes('ours-memory') && ISOLATING.some((name) => names.includes(name))) {
    const what = `hit from memory, 200 B, × the fastest of ${ISOLATING.join(', ')}`;
    lines.push(line(what, 'at least', 4, inMemory?.faster, '×'));
  }
  return lines;
}

/** What is judged in each fault: the words, the bar, the figure of a run, and whether each run counts or the median. */
const OUTAGE = [
  {
    what: 'throughput during ÷ before',
    faults: [...SICK, 'slow'],
    bar: ['at least', 0.95, '×'],
    pick: (one) => one.kept,
  },
  {
    what: 'slowest request of all runs',
    faults: SICK,
    bar: ['at most', 150, ' ms'],
    pick: (one) => one.during.slowest,
    isEach: true,
  },
  {
    what: 'p99 ÷ before',
    faults: SICK,
    bar: ['at most', 1.5, '×'],
    pick: (one) => one.during.probe.p99 / one.before.probe.p99,
  },
  {
    what: 'from boot: listening after, the longest of all runs',
    faults: ['refused'],
    bar: ['at most', 1_000, ' ms'],
    pick: (one) => one.listeningMs,
    isEach: true,
  },
  {
    what: 'from boot: p99',
    faults: ['refused'],
    bar: ['at most', 90, ' ms'],
    pick: (one) => one.during.probe.p99,
  },
  {
    what: 'requests over 100 ms',
    faults: ['slow'],
    bar: ['at most', 0.5, ' %'],
    pick: (one) => one.during.over100 * 100,
  },
  {
    what: 'back on Redis, the longest of all runs',
    faults: ['kill', 'lost'],
    bar: ['at most', 1_000, ' ms'],
    pick: (one) => one.backMs,
    isEach: true,
  },
  {
    what: 'back on Redis, the longest of all runs',
    faults: ['hang', 'blackhole'],
    bar: ['at most', 500, ' ms'],
    pick: (one) => one.backMs,
    isEach: true,
  },
];

function outageLines({ runs, memory, faults }) {
  const own = (fault) => runs.filter((one) => one.name === OURS && one.fault === fault);
  const lines = [];
  for (const { what, faults: which, bar, pick, isEach } of OUTAGE) {
    const [direction, limit, unit] = bar;
    for (const fault of which.filter((name) => own(name).length > 0)) {
      const values = own(fault).map((one) => (one.failed ? WORST[direction] : pick(one)));
      const summary = isEach
        ? worst(values, direction === 'at most' ? 'high' : 'low')
        : summarise(values);
      lines.push(line(`${fault}: ${what}`, direction, limit, summary, unit));
    }
  }
  for (const fault of SICK.filter((name) => own(name).length > 0)) {
    const queries = rivalLine(fault, own(fault), runs);
    if (queries) lines.push(queries);
  }
  const all = faults.flatMap(own);
  if (all.length > 0) {
    const bad = all.map((one) =>
      one.failed ? Number.POSITIVE_INFINITY : one.during.bad + one.after.bad + one.unhandled,
    );
    lines.push(line('wrong, failed or refused requests, all faults', 'at most', 0, sum(bad)));
  }
  const growth = memory.find((one) => one.name === OURS);
  if (growth) {
    const summary = summarise([growth.failed ? Number.POSITIVE_INFINITY : growth.growthMb]);
    lines.push(line(`heap growth in a hang at full load`, 'at most', 5, summary, ' MB'));
  }
  return lines;
}

/** Queries per request, so that who answers more is not blamed for it; of two runs of one round. */
function rivalLine(fault, own, runs) {
  const theirs = runs.filter((one) => one.name === RIVAL && one.fault === fault && !one.failed);
  if (theirs.length === 0) return undefined;
  const ratios = own.map((one) => {
    const other = theirs.find(({ round }) => round === one.round);
    if (one.failed) return Number.POSITIVE_INFINITY;
    return other ? one.during.queriesPerRequest / other.during.queriesPerRequest : Number.NaN;
  });
  const ratio = summarise(ratios);
  // The keys are drawn: a count of n is good to √n, and two are compared.
  const counted = own.reduce((count, one) => count + (one.during?.queries ?? 0), 0);
  const spread = Math.hypot(ratio.spread, Math.SQRT2 / Math.sqrt(counted || 1));
  const what = `${fault}: database queries a request ÷ ${RIVAL}`;
  return line(what, 'at most', 1, { ...ratio, spread }, '×');
}

function truthLines({ runs }) {
  const own = runs.filter((one) => one.name === 'ours');
  if (own.length === 0) return [];
  const count = (pick) => sum(own.map((one) => (one.failed ? Number.NaN : pick(one))));
  // A knows what it deleted, so nothing excuses it; B has a second to hear of it.
  const onA = count(({ onA }) => onA.inOutage + onA.staleEver);
  const onB = count(({ onB }) => onB.stale);
  const late = count(({ onA, onB }) => onA.late + onB.late);
  return [
    line('old values from who deleted them, ever, all kinds', 'at most', 0, onA),
    line('old values from the other, later than 1 s', 'at most', 0, onB),
    line('reads afterwards that were not answered in 1 s', 'at most', 0, late),
  ];
}

function sum(values) {
  return { median: values.reduce((a, b) => a + b, 0), spread: 0, n: values.length };
}

function stampedeLines({ runs }) {
  const own = (redis) =>
    runs.find((one) => one.name === 'ours' && one.redis === redis && one.processes === 4);
  if (!runs.some((one) => one.name === 'ours')) return [];
  const judged = (redis) => {
    const trials = own(redis)?.trials ?? [];
    return worst(
      trials.map(({ isRight, loads }) => (isRight ? loads : Number.POSITIVE_INFINITY)),
      'high',
    );
  };
  return [
    line('stampede, 4 processes, Redis up: loads, all answered right', 'at most', 1, judged('up')),
    line('the same, Redis gone', 'at most', 4, judged('gone')),
  ];
}

function overheadLines({ entries, http }) {
  const lines = [];
  const bytes = entries.find((one) => one.name === 'ours-memory');
  if (bytes) {
    lines.push(line('bytes of an entry in memory, 200 B', 'at most', 450, bytes.bytes, ' B'));
  }
  const health = http.find((one) => one.name === '/health')?.ratio;
  lines.push(line('/health, requests a second ÷ a bare res.end()', 'at least', 0.5, health, '×'));
  return lines;
}

const LINES = {
  'hot-path': hotLines,
  outage: outageLines,
  truth: truthLines,
  stampede: stampedeLines,
  overhead: overheadLines,
};

const measured = (value, unit) => (Number.isFinite(value) ? `${figure(value)}${unit}` : 'never');

/**
 * Prints the table of what was measured.
 *
 * @returns {{ lines: Line[], missed: number }}
 */
export function printBars(results) {
  const lines = Object.entries(results).flatMap(([name, result]) =>
    result.failed
      ? [line(`${name}: ${result.failed}`, 'at least', 1, undefined)]
      : LINES[name](result.bars),
  );
  const missed = lines.filter((one) => one.isMet === 'no').length;
  if (lines.length === 0) return { lines, missed };
  say('\n## The bar\n');
  const rows = lines.map(({ what, bar, summary, isMet, unit }) => [
    what,
    bar,
    summary?.n > 0 ? measured(summary.median, unit) : '–',
    Number.isFinite(summary?.spread) ? `± ${figure(summary.spread)}` : '–',
    isMet,
  ]);
  table(['what', 'the bar', 'measured', 'spread', 'met'], rows);
  say(
    missed === 0 ? 'Every bar measured is met.' : `${missed} of ${lines.length} bars are missed.`,
  );
  return { lines, missed };
}
