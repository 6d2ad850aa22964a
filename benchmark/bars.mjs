// The bars of the project, with the figures just measured beside them.

import { figure, say, table } from './lib/report.mjs';
import { summarise } from './lib/stats.mjs';
import { BARE, BARE_FAST, ISOLATING } from './parts/hot-path.mjs';
import { byName } from './parts/outage.mjs';

const SICK = ['kill', 'hang', 'blackhole', 'lost'];
const OURS = 'ours (1000)';
const RIVAL = 'bento-tuned';

/**
 * One line of the table. A bar is missed when the figure is beyond it by more than the run-to-run spread.
 *
 * @typedef {{ what: string, bar: string, figure: { median: number, spread: number }, isMet: 'yes' | 'within the spread' | 'no', unit: string }} Line
 */
function line(what, direction, limit, summary, unit = '') {
  if (summary === undefined || !Number.isFinite(summary.n) || summary.n === 0) return undefined;
  const { median, spread } = summary;
  const sign = direction === 'at least' ? 1 : -1;
  const lead = (median - limit) * sign;
  // Not finite: it never came.
  const isMet =
    lead >= 0
      ? 'yes'
      : lead + (Number.isFinite(spread) ? spread : 0) >= 0
        ? 'within the spread'
        : 'no';
  return {
    what,
    bar: `${direction === 'at least' ? '≥' : '≤'} ${figure(limit)}${unit}`,
    figure: summary,
    isMet,
    unit,
  };
}

function hotLines({ redis, memory }) {
  const hit = (size, concurrency) =>
    redis
      .find((one) => one.kind === 'hit' && one.size === size && one.concurrency === concurrency)
      ?.results.find((one) => one.name === 'ours');
  const inMemory = memory
    .find((one) => one.size === 200)
    ?.results.find((one) => one.name === 'ours-memory');
  return [
    line(`hit from Redis, 64 at once, 200 B ÷ ${BARE}`, 'at least', 2, hit(200, 64)?.ratio, '×'),
    line(`the same ÷ ${BARE_FAST}`, 'at least', 0.8, hit(200, 64)?.ratioFast, '×'),
    line(`hit from Redis, 1 at once ÷ ${BARE}`, 'at least', 0.95, hit(200, 1)?.ratio, '×'),
    line(
      `hit from memory, 200 B, × the fastest of ${ISOLATING.join(', ')}`,
      'at least',
      4,
      inMemory?.faster,
      '×',
    ),
  ];
}

function outageLines({ runs, memory }) {
  const good = runs.filter((one) => one.failed === undefined);
  const of = (fault, name, pick) => {
    const values = good.filter((one) => one.fault === fault && one.name === name).map(pick);
    return values.length === 0 ? undefined : summarise(values);
  };
  const lines = [];
  for (const fault of [...SICK, 'slow']) {
    lines.push(
      line(
        `${fault}: throughput during ÷ before`,
        'at least',
        0.95,
        of(fault, OURS, (one) => one.kept),
        '×',
      ),
    );
  }
  for (const fault of SICK) {
    lines.push(
      line(
        `${fault}: slowest request`,
        'at most',
        150,
        of(fault, OURS, (one) => one.during.slowest),
        ' ms',
      ),
    );
    const p99 = of(fault, OURS, (one) => one.during.probe.p99 / one.before.probe.p99);
    lines.push(line(`${fault}: p99 ÷ before`, 'at most', 1.5, p99, '×'));
  }
  lines.push(
    line(
      'refused from boot: listening after',
      'at most',
      1_000,
      of('refused', OURS, (one) => one.listeningMs),
      ' ms',
    ),
  );
  lines.push(
    line(
      'refused from boot: p99',
      'at most',
      90,
      of('refused', OURS, (one) => one.during.probe.p99),
      ' ms',
    ),
  );
  lines.push(
    line(
      'slow: requests over 100 ms',
      'at most',
      0.5,
      of('slow', OURS, (one) => one.during.over100 * 100),
      ' %',
    ),
  );
  for (const fault of SICK) lines.push(rivalLine(fault, good));
  for (const [fault, limit] of [
    ['kill', 1_000],
    ['lost', 1_000],
    ['hang', 500],
    ['blackhole', 500],
  ]) {
    lines.push(
      line(
        `${fault}: back on Redis`,
        'at most',
        limit,
        of(fault, OURS, (one) => one.backMs),
        ' ms',
      ),
    );
  }
  const growth = memory.find((one) => one.name === OURS);
  if (growth) {
    const summary = summarise([growth.growthMb]);
    lines.push(line(`heap growth in a hang of ${growth.seconds} s`, 'at most', 5, summary, ' MB'));
  }
  return lines;
}

/** Queries per request, so that who answers more is not blamed for it. */
function rivalLine(fault, runs) {
  const group = byName(runs.filter((one) => one.fault === fault));
  const theirs = group.get(RIVAL)?.map((one) => one.during.queriesPerRequest);
  const own = group.get(OURS)?.map((one) => one.during.queriesPerRequest);
  if (!theirs || !own) return undefined;
  const base = summarise(theirs);
  const ratio = summarise(own.map((value) => value / base.median));
  // Both sides vary, and so do the keys that were drawn: a count of n is good to √n.
  const drawn = 2 / Math.sqrt(runs.find((one) => one.name === OURS).during.queries || 1);
  const summary = { ...ratio, spread: ratio.spread + base.spread / base.median + drawn };
  return line(`${fault}: database queries a request ÷ ${RIVAL}`, 'at most', 1, summary, '×');
}

function truthLines({ runs }) {
  const own = runs.filter((one) => one.name === 'ours');
  const count = (pick) => sum(own.map((one) => (one.failed ? Number.NaN : pick(one))));
  // A knows what it deleted, so nothing excuses it; B has a second to hear of it.
  const onA = count(({ onA }) => onA.inOutage + onA.staleEver);
  return [
    line('old values from who deleted them, ever, all kinds', 'at most', 0, onA),
    line(
      'old values from the other, later than 1 s',
      'at most',
      0,
      count(({ onB }) => onB.stale),
    ),
  ];
}

function sum(values) {
  if (values.length === 0) return undefined;
  const median = values.reduce((a, b) => a + b, 0);
  return { median, spread: 0, n: values.length };
}

function stampedeLines({ runs }) {
  const loads = (redis) =>
    runs
      .find((one) => one.name === 'ours' && one.redis === redis && one.processes === 4)
      ?.trials.map((one) => one.loads);
  const worst = (list) => list && { median: Math.max(...list), spread: 0, n: list.length };
  return [
    line('stampede, 4 processes, Redis up: loads', 'at most', 1, worst(loads('up'))),
    line('stampede, 4 processes, Redis gone: loads', 'at most', 4, worst(loads('gone'))),
  ];
}

function overheadLines({ entries, http }) {
  const bytes = entries.find((one) => one.name === 'ours-memory')?.bytes;
  const health = http.find((one) => one.name === '/health')?.ratio;
  return [
    line('bytes of an entry in memory, 200 B', 'at most', 450, bytes, ' B'),
    line('/health, requests a second ÷ a bare res.end()', 'at least', 0.5, health, '×'),
  ];
}

const LINES = {
  'hot-path': hotLines,
  outage: outageLines,
  truth: truthLines,
  stampede: stampedeLines,
  overhead: overheadLines,
};

/** Prints the table of what was measured; says how many bars were missed. */
export function printBars(results) {
  const lines = Object.entries(results)
    .flatMap(([name, { bars }]) => LINES[name](bars))
    .filter(Boolean);
  if (lines.length === 0) return 0;
  say('\n## The bar\n');
  const rows = lines.map(({ what, bar, figure: own, isMet, unit }) => [
    ...[
      what,
      bar,
      `${figure(own.median)}${unit}`,
      Number.isFinite(own.spread) ? `± ${figure(own.spread)}` : '–',
      isMet,
    ],
  ]);
  table(['what', 'the bar', 'measured', 'spread', 'met'], rows);
  const missed = lines.filter((one) => one.isMet === 'no').length;
  say(
    missed === 0 ? 'Every bar measured is met.' : `${missed} of ${lines.length} bars are missed.`,
  );
  return missed;
}
