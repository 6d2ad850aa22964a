// Medians and quartiles of repetitions, and percentiles of latencies.

import { build } from 'hdr-histogram-js';

/** A measurement that was repeated. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly q1: number;
  readonly q3: number;
  /** Half the distance between the quartiles; with fewer than four repetitions, half their range. */
  readonly spread: number;
  readonly n: number;
}

/** Of latencies, in milliseconds. */
export interface Percentiles {
  readonly n: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The exact quantile of a few repetitions; `share` is 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const lower = sorted[low] as number;
  const upper = sorted[low + 1] ?? lower;
  // What never came is infinite, and a part of infinity is no number.
  return upper === lower || at === low ? lower : lower + (upper - lower) * (at - low);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function summarise(values: readonly number[]): Summary {
  const kept = values.filter((value) => !Number.isNaN(value));
  const [min, q1, q3, max] = [0, 0.25, 0.75, 1].map((share) => quantile(kept, share)) as [
    number,
    number,
    number,
    number,
  ];
  const spread = kept.length < 4 ? (max - min) / 2 : (q3 - q1) / 2;
  return { median: median(kept), min, max, q1, q3, spread, n: kept.length };
}

/** For what must hold each time: the worst of the repetitions, and half their range. */
export function worst(values: readonly number[], bad: 'high' | 'low'): Summary {
  const summary = summarise(values);
  const { min, max } = summary;
  return { ...summary, median: bad === 'high' ? max : min, spread: (max - min) / 2 };
}

const MICROSECONDS = 1_000;
const LONGEST_MS = 3_600_000;

export function percentiles(latencies: readonly number[]): Percentiles {
  const n = latencies.length;
  if (n === 0) return { n, p50: Number.NaN, p90: Number.NaN, p99: Number.NaN, max: Number.NaN };
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS * MICROSECONDS,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of latencies) histogram.recordValue(Math.round(ms * MICROSECONDS));
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / MICROSECONDS;
  const max = latencies.reduce((a, b) => Math.max(a, b), 0);
  return { n, p50: at(50), p90: at(90), p99: at(99), max };
}

/** The order of one round: another one each time, so that no subject always runs after the same neighbour. */
export function shuffled<T>(items: readonly T[]): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}
