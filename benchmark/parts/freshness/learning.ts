// Lifetimes that are learned, judged on keys and times that nothing was tuned on.

import { fixedCost, grid, hindsightLoad, tunedTtl } from './fixed.js';
import { type History, type Random, seeded } from './histories.js';
import { type Life, live } from './learned.js';
import { drawReads, type Reads } from './reads.js';

export const TARGETS = [0.005, 0.01, 0.03] as const;

/** The user's ttl: times the one that was tuned on other keys and earlier. */
export const USERS = [0.5, 1, 2] as const;

/** Reads after a switch of the rates until lifetimes must fit again, and those that tell whether they do. */
const SETTLING = 2_000;
const LOOKED_AT = 10_000;

/** One run: a history, reads, a target and a user's ttl. */
export interface Judged {
  readonly data: string;
  readonly target: number;
  readonly user: number;
  readonly life: Life;
  /** What the user's own ttl costs. */
  readonly own: { readonly load: number; readonly stale: number };
  /** What the best single lifetime for the same stale reads costs, chosen afterwards. */
  readonly hindsight: number;
  readonly isCovered: boolean;
  /** The share of stale reads, soon after the middle of the time. */
  readonly afterMiddle: number;
}

export function judgeLearning(
  data: string,
  historyOf: (random: Random) => History,
  seeds: readonly number[],
): readonly Judged[] {
  return seeds.flatMap((seed) => {
    const history = historyOf(seeded(seed));
    const span = history.end - history.begin;
    const { tuning, judging } = drawReads(history, seeded(100 + seed));
    const costs = grid(span).map((ttl) => fixedCost(judging, ttl));
    const middle = judging.at.findIndex((at) => at >= history.begin + span / 2);
    return TARGETS.flatMap((target) => {
      const tuned = tunedTtl(tuning, span, target);
      return USERS.map((user) => {
        const ttl = user * tuned;
        const life = live(judging, seeded(1_000 + seed), { ttl, target });
        return {
          ...{ data, target, user, life },
          own: fixedCost(judging, ttl),
          hindsight: hindsightLoad(costs, life.stale),
          isCovered: isCovered(life),
          afterMiddle: staleAfter(life, judging, middle),
        };
      });
    });
  });
}

function isCovered({ reported, staleHits }: Life): boolean {
  return reported !== undefined && reported.low <= staleHits && staleHits <= reported.high;
}

function staleAfter({ course }: Life, { at }: Reads, middle: number): number {
  const from = Math.ceil((middle + SETTLING) / 1_000);
  const looked = course.slice(from, from + LOOKED_AT / 1_000);
  const reads = Math.min(LOOKED_AT, at.length - from * 1_000);
  return looked.reduce((a, b) => a + b, 0) / Math.max(1, reads);
}
