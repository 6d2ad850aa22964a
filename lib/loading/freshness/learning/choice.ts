import type { Frontier } from './frontier.js';
import { FACTORS, OWN, type Policy, placeOf, TILTS, type Tilt } from './policies.js';

/** With less evidence the user's lifetimes stay. */
export const LEAST_RELOADS = 200;
export const LEAST_CHANGES = 20;

/** Others must save so many loads of the user's own lifetimes, or of the present ones. */
const WORTH_OWN = 0.9;
const WORTH_CHANGE = 0.97;

/** Standard errors of doubt in a share of stale reads: against others, and for the user's own lifetimes. */
const CAUTION = 0.5;

/** Standard errors above the target that make a share clearly too high of late. */
const CLEARLY = 3;

/** The shortest lifetimes may exceed the target by so much: that is better than the user's. */
const NEAR = 1.15;

/**
 * - `waits`: too few loads and changes were seen.
 * - `keeps`: nothing is better than the user's own lifetimes.
 * - `learned`: another policy has fewer loads, or keeps a target that the user's lifetimes miss.
 * - `misses`: no lifetime that is allowed keeps the target or comes near, so the user's own stay.
 */
export type Verdict = 'waits' | 'keeps' | 'learned' | 'misses';

/** What a policy costs by simulation, with the standard error of its share of stale reads. */
export interface Costs {
  readonly loadsPerRead: number;
  readonly stale: { readonly value: number; readonly error: number };
}

export interface Choice extends Policy, Costs {
  readonly verdict: Verdict;
}

/** A policy with what it costs. */
export type Candidate = Policy & Costs;

export interface Grounds {
  readonly long: Frontier;
  /** Of the last intervals alone: what is clearly too stale in them is not chosen. */
  readonly recent: Frontier;
  readonly target: number;
  /** The tilt that is in use. */
  readonly present: Tilt;
}

/** The policy with the fewest loads whose stale reads stay below the target. */
export function choose(grounds: Grounds): Choice {
  const { long: frontier, target, present } = grounds;
  const own = candidateAt(frontier, 'none', FACTORS.indexOf(1));
  if (frontier.intervals < LEAST_RELOADS || frontier.changes < LEAST_CHANGES) {
    return { ...own, verdict: 'waits' };
  }
  const good = TILTS.flatMap((tilt) => longestOf(grounds, tilt) ?? []);
  const late = grounds.recent.stale(OWN);
  const isOwnGood =
    own.stale.value - CAUTION * own.stale.error <= target &&
    !(late.value - CLEARLY * late.error > target);
  const best = good.reduce<Candidate | undefined>(
    (a, b) => (a === undefined || b.loadsPerRead < a.loadsPerRead ? b : a),
    undefined,
  );
  if (isOwnGood && !(best !== undefined && isWorth(best, own, WORTH_OWN))) {
    return { ...own, verdict: 'keeps' };
  }
  if (best === undefined) {
    const shortest = longestOf({ ...grounds, target: NEAR * target }, 'none');
    return shortest === undefined
      ? { ...own, verdict: 'misses' }
      : { ...candidateAt(frontier, 'none', 0), verdict: 'learned' };
  }
  const now = good.find(({ tilt }) => tilt === present);
  const chosen = now !== undefined && !isWorth(best, now, WORTH_CHANGE) ? now : best;
  return { ...chosen, verdict: 'learned' };
}

function isWorth(a: Costs, b: Costs, share: number): boolean {
  return a.loadsPerRead <= share * b.loadsPerRead;
}

/** The longest lifetimes of a tilt that keep the target, between the simulated ones; `undefined`: none does. */
function longestOf({ long, recent, target }: Grounds, tilt: Tilt): Candidate | undefined {
  const bounds = FACTORS.map((_, i) => {
    const [all, now] = [long.stale(placeOf(tilt, i)), recent.stale(placeOf(tilt, i))];
    return Math.max(all.value + CAUTION * all.error, now.value - CLEARLY * now.error || 0);
  });
  let longest: Candidate | undefined;
  for (const [i, bound] of bounds.entries()) {
    const next = candidateAt(long, tilt, i);
    if (bound > target) {
      const last = bounds[i - 1] as number;
      return longest && between(longest, next, (target - last) / (bound - last));
    }
    longest = next;
  }
  return longest;
}

/** Lifetimes and loads are interpolated on logarithmic scales. */
function between(a: Candidate, b: Candidate, share: number): Candidate {
  const mixed = (x: number, y: number): number => (1 - share) * x + share * y;
  return {
    tilt: a.tilt,
    factor: a.factor * (b.factor / a.factor) ** share,
    loadsPerRead: a.loadsPerRead * (b.loadsPerRead / a.loadsPerRead) ** share,
    stale: {
      value: mixed(a.stale.value, b.stale.value),
      error: mixed(a.stale.error, b.stale.error),
    },
  };
}

function candidateAt(frontier: Frontier, tilt: Tilt, i: number): Candidate {
  const place = placeOf(tilt, i);
  const loadsPerRead = frontier.loadsPerRead(place);
  return { tilt, factor: FACTORS[i] as number, loadsPerRead, stale: frontier.stale(place) };
}

/** One lifetime for all keys, by factor. */
export function fixedCandidates(frontier: Frontier): readonly Candidate[] {
  return FACTORS.map((_, i) => candidateAt(frontier, 'none', i));
}
