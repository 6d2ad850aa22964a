// Tables and pictures of the bad day.

import { figure, say, spread, table } from '../lib/report.mjs';
import { median, summarise, worst } from '../lib/stats.mjs';
import { inOrder, lineChart, percentileChart } from '../lib/svg.mjs';

const HEAD = [
  ...['subject', 'before r/s', 'kept', 'p50 / p99 / max ms', 'p99 before', 'p99 from 0.25 s on'],
  ...['> 100 ms', 'slowest', 'db queries', 'per 1000', 'errors', 'back on Redis'],
];

export function printFault(fault, runs) {
  say(`\n### Outage: ${fault}\n`);
  table(HEAD, inOrder([...byName(runs)].map(([name, group]) => ({ name, group }))).map(row));
}

function row({ name, group }) {
  const good = group.filter((one) => one.failed === undefined);
  const failed = group.find((one) => one.failed !== undefined)?.failed;
  if (good.length === 0) return [name, ...Array(HEAD.length - 2).fill('–'), failed];
  const of = (pick) => summarise(good.map(pick));
  const ms = (pick) => figure(of(pick).median);
  const backMs = worst(
    good.map((one) => one.backMs),
    'high',
  ).median;
  return [
    `${name} ×${good.length}${failed ? `, ${group.length - good.length} failed: ${failed}` : ''}`,
    ms((one) => one.before.perSecond),
    spread(of((one) => one.kept)),
    `${ms((o) => o.during.probe.p50)} / ${ms((o) => o.during.probe.p99)} / ${ms((o) => o.during.probe.max)}`,
    ms((one) => one.before.probe.p99),
    ms((one) => one.p99Known),
    `${figure(of((one) => one.during.over100).median * 100)} %`,
    figure(Math.max(...good.map((one) => one.during.slowest))),
    ms((one) => one.during.queries),
    ms((one) => one.during.queriesPerRequest * 1_000),
    figure(Math.max(...good.map((one) => one.during.bad))),
    Number.isFinite(backMs) ? `${figure(backMs)} ms` : 'never',
  ];
}

/** The typical of several runs: the one that kept neither most nor least. */
function typical(group) {
  const middle = median(group.map((one) => one.kept));
  const distance = (one) => Math.abs(one.kept - middle) || 0;
  return group.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

function typicalOf(runs) {
  const good = runs.filter((one) => one.failed === undefined);
  return inOrder([...byName(good)].map(([name, group]) => ({ name, one: typical(group) })));
}

export function printSeconds(runs) {
  for (const { name, one } of typicalOf(runs)) {
    say(`${name}, second by second; repaired after ${figure(one.timeline.repairedAfterS)} s:\n`);
    table(
      ['second', 'a second', 'p50 / p99 / max ms', 'slowest', 'db queries', 'errors'],
      one.timeline.seconds.map(({ second, perSecond, p50, p99, max, slowest, queries, bad }) => [
        ...[second, figure(perSecond), `${figure(p50)} / ${figure(p99)} / ${figure(max)}`],
        ...[figure(slowest), figure(queries), bad],
      ]),
    );
  }
}

function byName(runs) {
  const groups = new Map();
  for (const one of runs) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return groups;
}

export function pictures(runs, faults) {
  return faults.flatMap((fault) => {
    const shown = typicalOf(runs.filter((one) => one.fault === fault));
    if (shown.length === 0) return [];
    const lines = shown.map(({ name, one }) => ({ name, points: one.timeline.points }));
    const span = [0, shown[0].one.timeline.repairedAfterS];
    const bars = shown.map(({ name, one }) => ({ name, ...one.during.probe }));
    const title = (what) => `${fault}: ${what}`;
    return [
      [
        `outage-${fault}-throughput.svg`,
        lineChart({ title: title('requests per second'), lines, span }),
      ],
      [
        `outage-${fault}-latency.svg`,
        percentileChart({ title: title('milliseconds in the outage'), bars }),
      ],
    ];
  });
}
