/** What a policy knows of a key when it gives its value a lifetime. */
export interface KeyState {
  /** The time since the value changed. */
  readonly ageMs: number;
  readonly changesPerMs: number;
  readonly readsPerMs: number;
}

/**
 * What the lifetimes of a group are in proportion to:
 * - `none`: all keys alike.
 * - `age`: the time since the last change (the "Alex" rule, which HTTP's heuristic freshness follows).
 * - `rate`: the mean time between changes.
 * - `cost`: the lifetimes with the fewest loads for all stale reads of the group together: the square root of the mean
 *   time between changes times that between reads.
 * - `age-cost`: the same, with the time since the last change.
 */
export type Tilt = 'none' | 'age' | 'rate' | 'cost' | 'age-cost';

export const TILTS: readonly Tilt[] = ['none', 'age', 'rate', 'cost', 'age-cost'];

/** A lifetime is the user's, times the factor, times how far the key is from a typical one. */
export interface Policy {
  readonly tilt: Tilt;
  readonly factor: number;
}

/** A lifetime is at most so many times as long, or as short, as the user's. */
export const CLAMP = 4;

export const FACTORS: readonly number[] = [1 / 4, 0.4, 0.63, 1, 1.6, 2.5, 4];

/** Those that are simulated. */
export const POLICIES: readonly Policy[] = TILTS.flatMap((tilt) =>
  FACTORS.map((factor) => ({ tilt, factor })),
);

/** The place of a policy in `POLICIES`, by the place of its factor. */
export function placeOf(tilt: Tilt, factor: number): number {
  return TILTS.indexOf(tilt) * FACTORS.length + factor;
}

/** The place of the user's own lifetimes. */
export const OWN: number = placeOf('none', FACTORS.indexOf(1));

/** What lifetimes of this tilt are in proportion to. */
export function weightOf(tilt: Tilt, { ageMs, changesPerMs, readsPerMs }: KeyState): number {
  switch (tilt) {
    case 'none':
      return 1;
    case 'age':
      return ageMs;
    case 'rate':
      return 1 / changesPerMs;
    case 'cost':
      return 1 / Math.sqrt(changesPerMs * readsPerMs);
    case 'age-cost':
      return Math.sqrt(ageMs / readsPerMs);
  }
}

/** No lifetime is outside of [ttl / 4, 4 · ttl]. */
export function clamp(lifetimeMs: number, ttlMs: number): number {
  return Math.min(CLAMP * ttlMs, Math.max(ttlMs / CLAMP, lifetimeMs));
}
