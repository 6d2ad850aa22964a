import type { CacheReason } from './reason.js';

/**
 * What serves the cache: `normal` Redis, `degraded` the memory tier, `recovering` the memory tier while
 * the journal is replayed into Redis, `database-only` neither tier: every read runs its loader.
 */
export type CacheMode = 'normal' | 'degraded' | 'recovering' | 'database-only';

/** Counters since the cache was created. `hitRate` is hits / (hits + misses), 0 to 1, two decimals, 0 before any lookup. */
export interface CacheMetrics {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  readonly deletes: number;
  /** Redis commands and connections that failed or timed out, and entries that could not be decoded; not the probes of a known outage. */
  readonly errors: number;
  readonly hitRate: number;
}

/** What a CDN has accepted of the cache's purges. */
export interface EdgeStatus {
  /** Such as `varnish`. */
  readonly name: string;
  /** Tags that the edge has not accepted a purge of. */
  readonly backlog: number;
  /** How long the oldest of them has waited, in milliseconds. */
  readonly oldestMs: number;
  /** Why the last purge was not accepted, redacted; absent once one is. */
  readonly lastError?: string;
  readonly lastErrorTime?: string;
}

/** One server of a Redis Cluster, as the cache uses it. Times are ISO 8601. */
export interface ShardStatus {
  /** `host:port` of the primary. */
  readonly address: string;
  /** Such as '0-5460'. */
  readonly slots: string;
  /** The state of its door, see docs/degradation.md: `closed` means that it is used. */
  readonly state:
    | 'connecting'
    | 'open'
    | 'half-open'
    | 'recovering'
    | 'settling'
    | 'read-only'
    | 'closed'
    | 'shut';
  /** Present unless `state` is `closed`. */
  readonly reason?: CacheReason;
  /** Since when it is used, or not used. */
  readonly since: string;
  readonly nextProbeAt?: string;
}

/** A snapshot of the cache. Never contacts Redis. Times are ISO 8601. */
export interface CacheStatus {
  /** `up`: Redis serves (or memory alone, when configured so); `degraded`: the fallback serves, or the cache is switched off; `down`: neither tier can. */
  readonly status: 'up' | 'degraded' | 'down';
  /** Whether there is a working connection to Redis. */
  readonly connected: boolean;
  /** One sentence for people: what serves, why, and what to do. Credentials are redacted. */
  readonly message: string;
  readonly metrics: CacheMetrics;
  readonly mode: CacheMode;
  /** When `mode` began. */
  readonly since: string;
  /** Present unless `mode` is `normal`. */
  readonly reason?: CacheReason;
  /** When the cache tries Redis next. Present while Redis is not used, except during an attempt. */
  readonly nextProbeAt?: string;
  /**
   * Present while a new process fills its memory with hot values, 2 s at most: the share that is done, 0 to 1.
   * Readiness waits for it.
   */
  readonly warming?: { readonly progress: number };
  /** The servers of a Redis Cluster. Absent if Redis is no cluster. If one is not `closed`, its keys alone are degraded. */
  readonly shards?: readonly ShardStatus[];
  /**
   * Changes that wait for Redis, and how often they exceeded `max`, so that everything under the prefix was
   * given a new generation instead.
   */
  readonly journal: { readonly entries: number; readonly max: number; readonly overflows: number };
  /** The memory tier, or `null` when it is switched off. */
  readonly memory: {
    readonly entries: number;
    readonly max: number;
    readonly bytes: number;
    readonly maxBytes: number;
  } | null;
  /** The CDN in front of the application; absent when there is none. */
  readonly edge?: EdgeStatus;
  /** The newest Redis failure of the cache's life, redacted. */
  readonly lastError?: string;
  readonly lastErrorTime?: string;
}
