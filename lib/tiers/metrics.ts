import type { CacheMetrics } from '../api/status.js';

/**
 * The counters of one cache.
 *
 * A lookup is one key asked for: a hit when a value was given from either tier (also a stale one), else
 * a miss. A set is a value put into the cache, by `set` or by a loader. A delete is a call of `delete`
 * or `clear`. An error is a Redis command or attempt that failed, or an entry that could not be read.
 */
export class Metrics {
  hits = 0;
  misses = 0;
  sets = 0;
  deletes = 0;
  errors = 0;

  snapshot(): CacheMetrics {
    const { hits, misses, sets, deletes, errors } = this;
    return { hits, misses, sets, deletes, errors, hitRate: hitRate(hits, misses) };
  }
}

/** hits / lookups, 0 to 1, rounded to two decimals; 0 before the first lookup. */
export function hitRate(hits: number, misses: number): number {
  const lookups = hits + misses;
  return lookups === 0 ? 0 : Math.round((hits / lookups) * 100) / 100;
}
