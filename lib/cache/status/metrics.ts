import type { LoadOutcome, MetricsSnapshot } from '../../api/metrics.js';
import type { CacheMetrics } from '../../api/status.js';
import { Histogram } from '../../core/diagnostics/histogram.js';
import type { EvictionReason } from '../../memory/memory-tier.js';
import type { ErrorKind, Outcome, SharedBy } from '../../tiers/observer.js';
import { ModeHistory } from './mode-history.js';

/** The bounds of the histogram of load times, in seconds. */
const LOAD_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The bounds of the histogram of the ages of near hits, in seconds. */
const NEAR_SECONDS = [0, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

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
  readonly attempts: Record<'ok' | 'error', number> = { ok: 0, error: 0 };
  readonly evictions: Record<EvictionReason, number> = { entries: 0, bytes: 0 };
  readonly shared: Record<SharedBy, number> = { flight: 0, lease: 0 };
  readonly loads: Record<LoadOutcome, number> = {
    ok: 0,
    skipped: 0,
    error: 0,
    timeout: 0,
    refused: 0,
    abandoned: 0,
  };
  /** For how long near hits had not been the current value, in seconds. */
  readonly nearAges: Histogram = new Histogram(NEAR_SECONDS);
  readonly loadTimes: Histogram = new Histogram(LOAD_SECONDS);
  readonly modes: ModeHistory = new ModeHistory();
  /** Writes of the journal that Redis acknowledged. */
  replayed = 0;
  #nearHits = 0;
  #redisHits = 0;
  #redisStale = 0;
  #memoryHits = 0;
  #memoryStale = 0;
  #misses = 0;
  #sets = 0;
  #deletes = 0;

  looked(outcome: Outcome, tier: 'near' | 'redis' | 'memory' | undefined): void {
    if (outcome === 'miss') this.#misses++;
    else if (tier === 'near') this.#nearHits++;
    else if (tier === 'redis') {
      if (outcome === 'hit') this.#redisHits++;
      else this.#redisStale++;
    } else if (outcome === 'hit') this.#memoryHits++;
    else this.#memoryStale++;
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

  attempted(isOk: boolean): void {
    this.attempts[isOk ? 'ok' : 'error']++;
  }

  loaded(outcome: LoadOutcome, ms: number | undefined): void {
    this.loads[outcome]++;
    if (ms !== undefined) this.loadTimes.observe(ms / 1_000);
  }

  get lookups(): MetricsSnapshot['lookups'] {
    return {
      near: { hit: this.#nearHits },
      redis: { hit: this.#redisHits, stale: this.#redisStale },
      memory: { hit: this.#memoryHits, stale: this.#memoryStale },
      miss: this.#misses,
    };
  }

  /** Failed probes of a known outage are not counted, so that an alert on `errors` means something. */
  get errors(): MetricsSnapshot['errors'] {
    const { command, connect, decode } = this.failures;
    return { command, connect, decode };
  }

  /** The numbers that the status shows. */
  snapshot(): CacheMetrics {
    const redis = this.#redisHits + this.#redisStale;
    const hits = this.#nearHits + redis + this.#memoryHits + this.#memoryStale;
    const misses = this.#misses;
    const { command, connect, decode } = this.failures;
    return {
      hits,
      misses,
      sets: this.#sets,
      deletes: this.#deletes,
      errors: command + connect + decode,
      hitRate: hitRate(hits, misses),
    };
  }
}

/** hits / lookups, 0 to 1, rounded to two decimals; 0 before the first lookup. */
export function hitRate(hits: number, misses: number): number {
  const lookups = hits + misses;
  return lookups === 0 ? 0 : Math.round((hits / lookups) * 100) / 100;
}
