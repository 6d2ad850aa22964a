import type { MetricsSnapshot } from '../../api/metrics.js';

/** What happened between two snapshots. */
export interface Period {
  readonly lookups: number;
  /** 0 to 100; `undefined` if there was no lookup. */
  readonly hitPercent: number | undefined;
  readonly errors: number;
  readonly loadsRefused: number;
}

/** `before`: absent for the time since the cache was created. */
export function periodBetween(before: MetricsSnapshot | undefined, now: MetricsSnapshot): Period {
  const [from, to] = [totalsOf(before), totalsOf(now)];
  const lookups = to.hits + to.misses - from.hits - from.misses;
  const hits = to.hits - from.hits;
  return {
    lookups,
    hitPercent: lookups === 0 ? undefined : Math.round((1_000 * hits) / lookups) / 10,
    errors: to.errors - from.errors,
    loadsRefused: to.refused - from.refused,
  };
}

interface Totals {
  readonly hits: number;
  readonly misses: number;
  readonly errors: number;
  readonly refused: number;
}

const NOTHING: Totals = { hits: 0, misses: 0, errors: 0, refused: 0 };

function totalsOf(snapshot: MetricsSnapshot | undefined): Totals {
  if (snapshot === undefined) return NOTHING;
  const { lookups, errors, loads } = snapshot;
  const { miss, ...tiers } = lookups;
  return {
    hits: Object.values(tiers).reduce((sum, tier) => sum + hitsOf(tier), 0),
    misses: miss,
    errors: errors.command + errors.connect + errors.decode,
    refused: loads.results.refused,
  };
}

function hitsOf({ hit, stale = 0 }: { readonly hit: number; readonly stale?: number }): number {
  return hit + stale;
}
