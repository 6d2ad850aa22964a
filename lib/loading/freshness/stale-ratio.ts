/** A share that was counted in a sample, and the interval in which the true share lies in 95 of 100 cases. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The normal quantile of 95 %, two-sided. */
const Z = 1.96;

/**
 * Wilson's score interval (1927): right for shares near 0, too. It always holds the share, so it begins at exactly 0
 * where nothing was found and ends at exactly 1 where everything was. `undefined`: nothing was counted.
 * `z`: the normal quantile of the interval.
 */
export function ratioOf(share: number, of: number, z: number = Z): Ratio | undefined {
  if (of === 0) return undefined;
  const square = z * z;
  const middle = share + square / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of));
  const scale = 1 + square / of;
  // Rounding may leave something between an end and the share that it should touch.
  return {
    value: share,
    low: Math.min(share, Math.max(0, (middle - half) / scale)),
    high: Math.max(share, Math.min(1, (middle + half) / scale)),
  };
}
