import type { HistogramCounts } from '../core/diagnostics/histogram.js';
import type { LearningState } from './freshness.js';
import type { CacheReason } from './reason.js';
import type { CacheMode, CacheStatus } from './status.js';

/**
 * How a load ended. A load is one run of a loader, for one key or many.
 * - `ok`: it returned; `skipped`: it did, and said that the value is not to be stored.
 * - `error`: it threw, or returned what cannot be stored; `timeout`: it took longer than `loaderTimeout`.
 * - `refused`: too many loads ran and waited, so it did not run.
 * - `abandoned`: no caller waited for it any more, or the cache was closed.
 */
export type LoadOutcome = 'ok' | 'skipped' | 'error' | 'timeout' | 'refused' | 'abandoned';

/** The numbers of one Redis server, as this process sees it. */
export interface ServerMetrics {
  /** `host:port` of a server of a cluster. */
  readonly name?: string;
  /** The state of the door to it, such as `closed`: it is used; `open`: it is not. */
  readonly state: string;
  /** Why it is not (fully) used. */
  readonly reason?: CacheReason;
  /** Commands that it has not answered yet. */
  readonly commandsInFlight: number;
  /** Changes that wait for it. */
  readonly journalEntries: number;
}

/** How fresh the hits of one group of keys were, by audits: hits that were loaded again and compared. */
export interface FreshnessMetrics {
  /** What its keys begin with. */
  readonly group: string;
  /** Reads with a loader that found a fresh value. Above a thousand they are estimated from a random sample. */
  readonly hits: number;
  /** Values that loaders made, audits included. */
  readonly loads: number;
  readonly audits: { readonly fresh: number; readonly stale: number };
  /** Loads of keys that had been loaded before, by whether the value was still the same. */
  readonly reloads: { readonly same: number; readonly changed: number };
  /** The share of hits that were stale, and the interval that holds it in 95 of 100 cases; `null` before an audit. */
  readonly staleRatio: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  } | null;
  /** The lifetime that values get, in seconds: the mean of the last 200 loads or so; `null` before the first. */
  readonly ttlSeconds: number | null;
  /** What becomes of the lifetimes. They are learned ones only when it is `learned`. */
  readonly state: LearningState;
}

/** What warming did. Counts are values since the cache was created. */
export interface WarmMetrics {
  /** Whether readiness waits for it. */
  readonly isWarming: boolean;
  /** Warmed values, by where they came from. */
  readonly values: { readonly redis: number; readonly loader: number };
  /** Warmed values that were read before they expired. */
  readonly read: number;
  /** Warmed values that were not: they expired, or were deleted, replaced or pushed out first. */
  readonly unread: number;
  /** Warmed values that may still be read. */
  readonly waiting: number;
}

/** The purges that the cache sent to a CDN. */
export interface EdgeMetrics {
  readonly name: string;
  /** Requests, by what the edge said. */
  readonly purges: {
    readonly accepted: number;
    readonly throttled: number;
    readonly failed: number;
  };
  /** Tags that the edge has not accepted a purge of, and how long the oldest has waited, in seconds. */
  readonly backlog: number;
  readonly oldestSeconds: number;
  /** How often one purge of everything took the place of many. */
  readonly overflows: number;
  /** Answers with the tag of a kind of keys in place of too many tags. */
  readonly coarse: number;
}

/**
 * Everything that the cache counts, at one moment: plain data. Counters count since the cache was created. Times
 * are ISO 8601, durations seconds, sizes bytes. A lookup is one key that a caller asked for.
 */
export interface MetricsSnapshot
  extends Pick<CacheStatus, 'status' | 'mode' | 'reason' | 'message' | 'since' | 'nextProbeAt'> {
  /** The option `name`. */
  readonly name: string;
  readonly at: string;
  readonly modeSeconds: Readonly<Record<CacheMode, number>>;
  /** One for each pair of modes, also of those that never happened. */
  readonly modeChanges: readonly {
    readonly from: CacheMode;
    readonly to: CacheMode;
    readonly count: number;
  }[];
  readonly lookups: {
    /** Answered from memory while Redis was used. */
    readonly near: { readonly hit: number };
    readonly redis: { readonly hit: number; readonly stale: number };
    readonly memory: { readonly hit: number; readonly stale: number };
    readonly miss: number;
  };
  readonly sets: number;
  readonly deletes: number;
  /** `connect`: connections that were lost or not made; not the probes of a known outage, see `attempts`. */
  readonly errors: { readonly command: number; readonly connect: number; readonly decode: number };
  /** Attempts to connect to Redis and to prove its data. */
  readonly attempts: { readonly ok: number; readonly error: number };
  readonly commands: { readonly inFlight: number; readonly seconds: HistogramCounts };
  readonly loads: {
    readonly results: Readonly<Record<LoadOutcome, number>>;
    readonly inFlight: number;
    /** Loads that wait for their turn. */
    readonly queued: number;
    /** Loads that may run at once; `Infinity` when unlimited. */
    readonly limit: number;
    readonly seconds: HistogramCounts;
  };
  /** Callers that shared a load: of this process (`flight`), or of another one (`lease`). */
  readonly coalesced: { readonly flight: number; readonly lease: number };
  readonly journal: CacheStatus['journal'] & {
    /** Writes that were replayed into Redis. */
    readonly replayed: number;
  };
  readonly memory:
    | (NonNullable<CacheStatus['memory']> & {
        /** Entries that were pushed out, by the limit that was reached. */
        readonly evictions: { readonly entries: number; readonly bytes: number };
      })
    | null;
  /** One near hit in 10,000 is compared with Redis: for how long its value had not been the current one. */
  readonly near: { readonly ageSeconds: HistogramCounts };
  /** One for each group of the option `freshness`; `null` when it is off. */
  readonly freshness: readonly FreshnessMetrics[] | null;
  /** Warming, or `null` when it is switched off. */
  readonly warm: WarmMetrics | null;
  /** The CDN in front of the application; absent when there is none. */
  readonly edge?: EdgeMetrics;
  /** One for each Redis server; none without Redis. */
  readonly servers: readonly ServerMetrics[];
}

/** The state of the service and of each check, for exporters. */
export interface HealthMetrics {
  readonly status: 'ok' | 'degraded' | 'error' | 'shutting_down';
  readonly checks: readonly {
    readonly name: string;
    readonly status: 'up' | 'degraded' | 'down';
    /** How long its last run took; absent if it never ended, and for the cache, which is not contacted. */
    readonly seconds?: number;
  }[];
}
