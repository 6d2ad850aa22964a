// Medians, percentiles and their spread.

/** @param {readonly number[]} values @param {number} share 0 to 1 */
export function quantile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const next = sorted[low + 1] ?? sorted[low];
  // What never came is infinite, and a part of infinity is no number.
  return next === sorted[low] || at === low
    ? sorted[low]
    : sorted[low] + (next - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/**
 * @typedef {{ median: number, min: number, max: number, spread: number, n: number }} Summary
 */

/**
 * A measurement: the median of its repetitions and how far they lie apart. `spread` is half the distance
 * between the quartiles (of the extremes, when there are fewer than four).
 */
export function summarise(values) {
  const kept = values.filter((value) => !Number.isNaN(value));
  const [low, high] = kept.length < 4 ? [0, 1] : [0.25, 0.75];
  return {
    median: median(kept),
    min: quantile(kept, 0),
    max: quantile(kept, 1),
    spread: (quantile(kept, high) - quantile(kept, low)) / 2,
    n: kept.length,
  };
}

/**
 * For what must hold each time: the worst of the repetitions, and half their range.
 *
 * @param {readonly number[]} values @param {'high' | 'low'} bad
 */
export function worst(values, bad) {
  const summary = summarise(values);
  const { min, max } = summary;
  return { ...summary, median: bad === 'high' ? max : min, spread: (max - min) / 2 };
}

export function percentiles(values) {
  return {
    n: values.length,
    p50: quantile(values, 0.5),
    p90: quantile(values, 0.9),
    p99: quantile(values, 0.99),
    max: values.length === 0 ? Number.NaN : values.reduce((a, b) => Math.max(a, b), 0),
  };
}

/** The order of one round: another one each time, so that nobody always runs after the same neighbour. */
export function shuffled(items) {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}
