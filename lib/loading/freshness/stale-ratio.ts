/** A share that was counted in a sample, and the interval in which the true share lies in 95 of 100 cases. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The normal quantile of 95 %, two-sided. */
const Z = 1.96;

/**
 * Wilson's score interval (1927): right for shares near 0, too. `undefined`: nothing was counted. `z`: the normal
 * quantile of the interval.
 */
export function ratioOf(found: number, of: number, z: number = Z): Ratio | undefined {
  if (of === 0) return undefined;
  const value = found / of;
  const square = z * z;
  const middle = value + square / (2 * of);
  const half = z * Math.sqrt((value * (1 - value)) / of + square / (4 * of * of));
  const scale = 1 + square / of;
  return {
    value,
    // Without rounding errors, which would be above none.
    low: found === 0 ? 0 : Math.max(0, (middle - half) / scale),
    high: Math.min(1, (middle + half) / scale),
  };
}
