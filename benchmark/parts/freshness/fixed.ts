// One lifetime for all keys: what it costs, and which would have been the best.

import type { Reads } from './reads.js';

/** Shares of the reads that count. */
export interface Cost {
  readonly load: number;
  readonly stale: number;
}

/** Loads and stale reads with one lifetime and no audits. */
export function fixedCost(reads: Reads, ttl: number): Cost {
  const { at, key, version, from } = reads;
  const endsAt = new Float64Array(reads.keys).fill(Number.NEGATIVE_INFINITY);
  const loaded = new Int32Array(reads.keys);
  let [loads, stale] = [0, 0];
  for (let i = 0; i < at.length; i++) {
    const [now, k] = [at[i] as number, key[i] as number];
    if (now < (endsAt[k] as number)) {
      if (i >= from && loaded[k] !== version[i]) stale++;
      continue;
    }
    if (i >= from) loads++;
    endsAt[k] = now + ttl;
    loaded[k] = version[i] as number;
  }
  const counted = at.length - from;
  return { load: loads / counted, stale: stale / counted };
}

const STEP = 2 ** 0.25;

/** Lifetimes from a hundred thousandth of the time to all of it. */
export function grid(span: number): readonly number[] {
  const steps = Math.ceil(Math.log(1e5) / Math.log(STEP));
  return Array.from({ length: steps + 1 }, (_, i) => (span / 1e5) * STEP ** i);
}

/** The longest lifetime up to which the stale reads keep the target. */
export function tunedTtl(reads: Reads, span: number, target: number): number {
  const ttls = grid(span);
  const first = ttls.findIndex((ttl) => fixedCost(reads, ttl).stale > target);
  return ttls[first === -1 ? ttls.length - 1 : Math.max(0, first - 1)] as number;
}

/** What one lifetime costs that is chosen afterwards to have as many stale reads as were found. */
export function hindsightLoad(costs: readonly Cost[], stale: number): number {
  const above = costs.findIndex((cost) => cost.stale > stale);
  if (above === -1) return costs.at(-1)?.load ?? 0;
  if (above === 0) return costs[0]?.load ?? 0;
  const [a, b] = [costs[above - 1] as Cost, costs[above] as Cost];
  const share = (stale - a.stale) / (b.stale - a.stale);
  return a.load ** (1 - share) * b.load ** share;
}
