// How well audits tell the share of stale hits, and what they cost.

import { atLeast, atMost, judge, sum, told } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { progress, say, table, tableText } from '../../lib/report.js';
import { median } from '../../lib/stats.js';
import { ageing, alike, type History, made, type Random, recorded, seeded } from './histories.js';
import { hitCosts, hitCostTable } from './hit-cost.js';
import { judgeRows } from './judge-learning.js';
import { type Judged, judgeLearning } from './learning.js';
import { bytesOfKeys } from './memory.js';
import { type Visit, visit } from './visit.js';

const SEEDS = [1, 2, 3, 4, 5];
/** Lifetimes, as shares of the whole time. */
const TTLS = [1 / 2_000, 1 / 500, 1 / 125];

const DATA: Readonly<Record<string, (random: Random) => History>> = {
  election: () => recorded('changes-election2020'),
  outages: () => recorded('changes-outages2019'),
  documentation: () => recorded('changes-docs'),
  'constant rates': (random) => made(random, 1),
  'rates × 10 midway': (random) => made(random, 10),
};

/** For learned lifetimes: one where nothing can be learned, and one where values change less with age, as well. */
const LEARNED_DATA: typeof DATA = { ...DATA, 'all alike': alike, ageing };

interface Row {
  readonly data: string;
  readonly ttl: number;
  readonly visits: readonly Visit[];
}

export async function freshness({ quick }: Options): Promise<Result> {
  const rows: Row[] = [];
  for (const [data, historyOf] of Object.entries(DATA)) {
    progress(`freshness: ${data}`);
    const histories = SEEDS.map((seed) => historyOf(seeded(seed)));
    for (const ttl of TTLS) {
      const visits = histories.map((history, i) => {
        const span = history.end - history.begin;
        return visit(history, ttl * span, seeded(100 + i));
      });
      rows.push({ data, ttl, visits });
    }
  }
  const learned = Object.entries(LEARNED_DATA).flatMap(([data, historyOf]) => {
    progress(`freshness: learned lifetimes, ${data}`);
    return judgeLearning(data, historyOf, quick ? [1] : SEEDS);
  });
  const costs = await hitCosts(quick);
  print(rows);
  const hit = tableText(...hitCostTable(costs));
  say(`\n### A hit, in nanoseconds of processor time: medians\n\n${hit}\n`);
  const bytes = bytesOfKeys();
  const learning = judgeRows(learned);
  const memory = `Memory: ${bytes.known} bytes for each known key, and ${bytes.tried} more for each key on which lifetimes are tried.`;
  say(`\n${memory}\n`);
  const all = rows.flatMap(({ visits }) => visits);
  const covered = all.filter(isCovered).length / all.length;
  const excess = all.map(({ audits, loads }) => (audits - 100) / loads);
  const right = `Audits were right in ${all.filter(isCovered).length} of ${all.length} runs with fixed lifetimes (200,000 reads each), and in ${learned.filter((run) => run.isCovered).length} of ${learned.length} runs with learned ones: the interval held the true share of stale hits.`;
  return {
    figures: { rows, costs, memory: bytes, learned: learned.map(withoutLearner) },
    lines: [
      judge('the interval covers the truth', atLeast(0.85, ''), sum([covered])),
      judge('audits beyond the first 100 ÷ loads', atMost(0.05), sum([Math.max(...excess)])),
      ...costs.map(({ name, excess, isFirst }) =>
        isFirst
          ? told(`${name}, observing ÷ off − 1`, excess, '')
          : judge(`${name}, observing ÷ off − 1`, atMost(0.05), excess),
      ),
      ...learning.lines,
    ],
    texts: { audits: right, hit, memory, ...learning.texts },
  };
}

/** For the file of results. */
function withoutLearner({ life, ...run }: Judged): object {
  return { ...run, life: { ...life, course: undefined } };
}

function isCovered({ truth, reported }: Visit): boolean {
  return reported !== null && reported.low <= truth && truth <= reported.high;
}

function print(rows: readonly Row[]): void {
  say('\n### Stale hits, as they were and as audits report them: median of 5 seeds\n');
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const of = (visits: readonly Visit[], read: (each: Visit) => number): string =>
    percent(median(visits.map(read)));
  table(
    ['data', 'ttl ÷ time', 'true', 'reported', 'interval', 'covered', 'audits', 'audits ÷ loads'],
    rows.map(({ data, ttl, visits }) => [
      data,
      `1/${Math.round(1 / ttl)}`,
      of(visits, ({ truth }) => truth),
      of(visits, ({ reported }) => reported?.value ?? Number.NaN),
      `${of(visits, ({ reported }) => reported?.low ?? 0)} – ${of(visits, ({ reported }) => reported?.high ?? 1)}`,
      `${visits.filter(isCovered).length} of ${visits.length}`,
      Math.round(median(visits.map(({ audits }) => audits))),
      of(visits, ({ audits, loads }) => audits / loads),
    ]),
  );
}
