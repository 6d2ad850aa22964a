import type { CacheMetrics } from '../../api/status.js';
import type { ErrorKind, Outcome } from '../../tiers/observer.js';

/**
 * The counters of one cache.
 *
 * A lookup is one key that a caller asked for: a hit if a value was returned from either tier (also a stale
 * one), otherwise a miss. A set is a value put into the cache, by `set` or by a loader. A delete is a call of
 * `delete` or `clear`, or one key of `deleteMany`.
 */
export class Metrics {
  /** Failures of Redis by kind. `probe`: background attempts during an outage that is known already. */
  readonly failures: Record<ErrorKind, number> = { command: 0, connect: 0, probe: 0, decode: 0 };
  #hits = 0;
  #misses = 0;
  #sets = 0;
  #deletes = 0;

  looked(outcome: Outcome): void {
    if (outcome === 'miss') this.#misses++;
    else this.#hits++;
  }

  stored(count: number): void {
    this.#sets += count;
  }

  removed(count: number): void {
    this.#deletes += count;
  }

  failed(kind: ErrorKind): void {
    this.failures[kind]++;
  }

  /** Failed probes of a known outage are not counted, so that an alert on `errors` means something. */
  get #errors(): number {
    const { command, connect, decode } = this.failures;
    return command + connect + decode;
  }

  snapshot(): CacheMetrics {
    const hits = this.#hits;
    const misses = this.#misses;
    return {
      hits,
      misses,
      sets: this.#sets,
      deletes: this.#deletes,
      errors: this.#errors,
      hitRate: hitRate(hits, misses),
    };
  }
}

/** hits / lookups, 0 to 1, rounded to two decimals; 0 before the first lookup. */
export function hitRate(hits: number, misses: number): number {
  const lookups = hits + misses;
  return lookups === 0 ? 0 : Math.round((hits / lookups) * 100) / 100;
}
