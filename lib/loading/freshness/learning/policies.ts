/** What a policy knows of a key when it gives its value a lifetime. */
export interface KeyState {
  /** The time since the value changed. */
  readonly ageMs: number;
  readonly changesPerMs: number;
  readonly readsPerMs: number;
}

/**
 * How the lifetimes of the keys of a group differ:
 * - `none`: all keys alike.
 * - `age`: in proportion to the time since the last change (the "Alex" rule, which HTTP's heuristic freshness follows).
 * - `rate`: in proportion to the mean time between changes.
 * - `cost`: the lifetimes with the fewest loads for all stale reads of the group together, by the mean time between
 *   changes and that between reads.
 * - `age-cost`: the same, with the time since the last change.
 */
export type Tilt = 'none' | 'age' | 'rate' | 'cost' | 'age-cost';

export const TILTS: readonly Tilt[] = ['none', 'age', 'rate', 'cost', 'age-cost'];

/** The lifetime of a typical key is the user's times the factor; others differ from it by the tilt. */
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

/** Whether lifetimes depend on when a key is loaded. */
export function isAgeing(tilt: Tilt): boolean {
  return tilt === 'age' || tilt === 'age-cost';
}

/** Whether lifetimes depend on how often a key is read. */
export function isByCost(tilt: Tilt): boolean {
  return tilt === 'cost' || tilt === 'age-cost';
}

/** No lifetime is outside of [ttl / 4, 4 · ttl]. */
export function clamp(lifetimeMs: number, ttlMs: number): number {
  return Math.min(CLAMP * ttlMs, Math.max(ttlMs / CLAMP, lifetimeMs));
}
