// Tables and pictures of the bad day.

import { figure, say, spread, table } from '../../lib/report.js';
import { median, type Summary, summarise, worst } from '../../lib/stats.js';
import { inOrder, lineChart, percentileChart } from '../../lib/svg.js';
import { type Good, isGood, type Run } from './run.js';

const HEAD = [
  ...['subject', 'before r/s', 'kept', 'p50 / p99 / max ms', 'p99 before', 'p99 from 0.25 s on'],
  ...['> 100 ms', 'slowest', 'db queries', 'per 1000', 'errors', 'back on Redis'],
];

export function printFault(fault: string, runs: readonly Run[]): void {
  say(`\n### Outage: ${fault}\n`);
  const groups = [...byName(runs)].map(([name, group]) => ({ name, group }));
  table(
    HEAD,
    inOrder(groups).map(({ name, group }) => row(name, group)),
  );
}

function row(name: string, group: readonly Run[]): string[] {
  const good = group.filter(isGood);
  const failed = group.find((one) => !isGood(one))?.failed;
  if (good.length === 0) return [name, ...Array(HEAD.length - 2).fill('–'), failed ?? ''];
  const of = (pick: (one: Good) => number): Summary => summarise(good.map(pick));
  const ms = (pick: (one: Good) => number): string => figure(of(pick).median);
  const most = (pick: (one: Good) => number): string => figure(Math.max(...good.map(pick)));
  const backMs = worst(
    good.map((one) => one.backMs),
    'high',
  ).median;
  const failures = failed ? `, ${group.length - good.length} failed: ${failed}` : '';
  return [
    `${name} ×${good.length}${failures}`,
    ms((one) => one.before.perSecond),
    spread(of((one) => one.kept)),
    [
      ms((one) => one.during.probe.p50),
      ms((one) => one.during.probe.p99),
      ms((one) => one.during.probe.max),
    ].join(' / '),
    ms((one) => one.before.probe.p99),
    ms((one) => one.p99Known),
    `${figure(of((one) => one.during.over100).median * 100)} %`,
    most((one) => one.during.slowest),
    ms((one) => one.during.queries),
    ms((one) => one.during.queriesPerRequest * 1_000),
    most((one) => one.during.bad),
    Number.isFinite(backMs) ? `${figure(backMs)} ms` : 'never',
  ];
}

/** The typical of several runs: the one that kept neither most nor least. */
function typical(group: readonly Good[]): Good {
  const middle = median(group.map((one) => one.kept));
  const distance = (one: Good): number => Math.abs(one.kept - middle) || 0;
  return group.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

function typicalOf(runs: readonly Run[]): { name: string; one: Good }[] {
  const groups = [...byName(runs.filter(isGood))];
  return inOrder(groups.map(([name, group]) => ({ name, one: typical(group) })));
}

export function printSeconds(runs: readonly Run[]): void {
  for (const { name, one } of typicalOf(runs)) {
    const repaired = figure(one.timeline.repairedAfterS);
    say(`${name}, second by second; repaired after ${repaired} s:\n`);
    table(
      ['second', 'a second', 'p50 / p99 / max ms', 'slowest', 'db queries', 'errors'],
      one.timeline.seconds.map(({ second, perSecond, p50, p99, max, slowest, queries, bad }) => [
        ...[second, figure(perSecond), `${figure(p50)} / ${figure(p99)} / ${figure(max)}`],
        ...[figure(slowest), figure(queries), bad],
      ]),
    );
  }
}

function byName<One extends Run>(runs: readonly One[]): Map<string, One[]> {
  const groups = new Map<string, One[]>();
  for (const one of runs) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return groups;
}

const BAD_DAY = 'A bad day: requests a second while Redis is frozen';

export function pictures(runs: readonly Run[], faults: readonly string[]): [string, string][] {
  return faults.flatMap((fault): [string, string][] => {
    const shown = typicalOf(runs.filter((one) => one.fault === fault));
    const first = shown[0];
    if (first === undefined) return [];
    const lines = shown.map(({ name, one }) => ({ name, points: one.timeline.points }));
    const span = [0, first.one.timeline.repairedAfterS] as const;
    const bars = shown.map(({ name, one }) => ({ name, ...one.during.probe }));
    const throughput = lineChart({ title: `${fault}: requests per second`, lines, span });
    const latency = percentileChart(`${fault}: milliseconds in the outage`, bars);
    const day = lineChart({ title: BAD_DAY, lines, span });
    return [
      ...(fault === 'hang' ? [['bad-day.svg', day] as [string, string]] : []),
      [`outage-${fault}-throughput.svg`, throughput],
      [`outage-${fault}-latency.svg`, latency],
    ];
  });
}
