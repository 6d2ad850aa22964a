// Reads of values that change, through a cache with one ttl whose hits are audited.

import { AuditGroup } from '../../../lib/loading/freshness/audit-group.js';
import type { History, Random } from './histories.js';

const READS = 200_000;
const ZIPF = 0.8;

export interface Visit {
  /** The share of hits that were stale. */
  readonly truth: number;
  readonly reported: { readonly value: number; readonly low: number; readonly high: number } | null;
  readonly audits: number;
  readonly loads: number;
}

/** Reads come at random times, independent of the changes, and to few keys most of the time. */
export function visit(history: History, ttl: number, random: Random): Visit {
  const { begin, end, changes } = history;
  const pick = zipf(changes.length, random);
  const loadedAt = new Float64Array(changes.length).fill(Number.NEGATIVE_INFINITY);
  const loaded = new Int32Array(changes.length);
  const current = new Int32Array(changes.length);
  const group = new AuditGroup('all', random);
  let [hits, stale, audits, now] = [0, 0, 0, begin];
  for (let i = 0; i < READS; i++) {
    now += (-Math.log(1 - random()) * (end - begin)) / READS;
    const key = pick();
    const times = changes[key] as Float64Array;
    let version = current[key] as number;
    while (version < times.length && (times[version] as number) <= now) version++;
    current[key] = version;
    const load = (): void => {
      loadedAt[key] = now;
      loaded[key] = version;
      group.loaded();
    };
    if (now - (loadedAt[key] as number) >= ttl) {
      load();
      continue;
    }
    hits++;
    const isStale = loaded[key] !== version;
    if (isStale) stale++;
    const standsFor = group.hit(1);
    if (standsFor === 0) continue;
    audits++;
    load();
    group.audited(isStale, standsFor);
  }
  const { loads, staleRatio } = group.metrics;
  return { truth: hits === 0 ? 0 : stale / hits, reported: staleRatio, audits, loads };
}

function zipf(keys: number, random: Random): () => number {
  const sums = new Float64Array(keys);
  let total = 0;
  for (let i = 0; i < keys; i++) {
    total += (i + 1) ** -ZIPF;
    sums[i] = total;
  }
  // The most popular key is not the first of the data.
  const shift = Math.floor(random() * keys);
  return () => {
    const wanted = random() * total;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return (low + shift) % keys;
  };
}
