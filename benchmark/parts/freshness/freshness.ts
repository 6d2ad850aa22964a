// How well audits tell the share of stale hits, and what they cost.

import type { Cache } from '../../../lib/index.js';
import { atLeast, atMost, judge, sum } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { progress, say, table } from '../../lib/report.js';
import { median, summarise } from '../../lib/stats.js';
import { library } from '../../subjects/ours.js';
import { ageing, alike, type History, made, type Random, recorded, seeded } from './histories.js';
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
  progress('freshness: the cost of a hit');
  const costs = await hitCosts();
  print(rows, costs);
  const memory = bytesOfKeys();
  const learning = judgeRows(learned);
  say(
    `\nMemory: ${memory.known} bytes for a known key, ${memory.tried} more for one that is tried.\n`,
  );
  const all = rows.flatMap(({ visits }) => visits);
  const covered = all.filter(isCovered).length / all.length;
  const excess = all.map(({ audits, loads }) => (audits - 100) / loads);
  const dearer = costs.map(({ off, observing }) => observing / off - 1);
  return {
    figures: { rows, costs, memory, learned: learned.map(withoutLearner) },
    lines: [
      judge('the interval covers the truth', atLeast(0.85, ''), sum([covered])),
      judge('audits beyond the first 100 ÷ loads', atMost(0.05), sum([Math.max(...excess)])),
      judge('a hit from memory, observing ÷ off − 1', atMost(0.05), summarise(dearer)),
      ...learning,
    ],
  };
}

/** For the file of results. */
function withoutLearner({ life, ...run }: Judged): object {
  return { ...run, life: { ...life, course: undefined } };
}

function isCovered({ truth, reported }: Visit): boolean {
  return reported !== null && reported.low <= truth && truth <= reported.high;
}

function print(rows: readonly Row[], costs: readonly Cost[]): void {
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
  say('\n### A hit from memory, in nanoseconds\n');
  const off = median(costs.map((cost) => cost.off));
  const on = median(costs.map((cost) => cost.observing));
  const fastest = (read: (cost: Cost) => number): string => Math.min(...costs.map(read)).toFixed(0);
  table(
    ['', 'off', 'observing'],
    [
      ['median', off.toFixed(0), on.toFixed(0)],
      ['fastest turn', fastest((cost) => cost.off), fastest((cost) => cost.observing)],
    ],
  );
}

interface Cost {
  readonly off: number;
  readonly observing: number;
}

const ROUNDS = 25;
const FLOOR_HITS = 200_000;
const HITS = 20_000;

/** In short turns, so that a busy machine slows both, in one process with both caches. */
async function hitCosts(): Promise<readonly Cost[]> {
  const { createCache } = await library();
  const shared = { redis: false, logger: false, ttl: '1h' } as const;
  const plain = createCache(shared);
  const watching = createCache({ ...shared, freshness: { observe: ['product:'] } });
  // Until there are 100 audits, one hit in 1,000 is loaded again.
  for (const cache of [plain, watching]) await hitCost(cache, FLOOR_HITS);
  const costs: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    costs.push({ off: await hitCost(plain, HITS), observing: await hitCost(watching, HITS) });
  }
  await Promise.all([plain.close(), watching.close()]);
  return costs;
}

async function hitCost(cache: Cache, hits: number): Promise<number> {
  const load = (): object => ({ id: 7 });
  const before = process.cpuUsage();
  for (let i = 0; i < hits; i++) await cache.getOrSet('product:7', load);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / hits;
}
