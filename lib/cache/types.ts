import type { Duration } from '../core/duration.js';
import type { Unsubscribe } from '../core/emitter.js';
import type { CacheReason } from '../core/reason.js';

export type { CacheReason } from '../core/reason.js';

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
  /** Redis commands that failed or timed out, and entries that could not be decoded. */
  readonly errors: number;
  readonly hitRate: number;
}

/** A photograph of the cache, taken without asking Redis. Times are ISO 8601. */
export interface CacheStatus {
  /** `up`: Redis serves (or memory alone, when configured so); `degraded`: the fallback serves; `down`: neither tier can. */
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
  /** Present while Redis is not used: when it is tried next. */
  readonly nextProbeAt?: string;
  /** Writes that wait for Redis. */
  readonly journal: { readonly entries: number; readonly max: number };
  /** The memory tier, or `null` when it is switched off. */
  readonly memory: {
    readonly entries: number;
    readonly max: number;
    readonly bytes: number;
    readonly maxBytes: number;
  } | null;
  /** The newest Redis failure of the cache's life, redacted. */
  readonly lastError?: string;
  readonly lastErrorTime?: string;
}

/**
 * What became of a write: `applied`, Redis acknowledged it; `deferred`, it is in memory and in the
 * journal, and Redis will be told before it is read again.
 */
export type WriteResult = 'applied' | 'deferred';

export interface ModeChange {
  readonly from: CacheMode;
  readonly to: CacheMode;
  readonly reason?: CacheReason;
  /** Milliseconds spent in `from`. */
  readonly durationMs: number;
}

/** One answered read. `stale`: found past its ttl and served within its grace. */
export interface Lookup {
  readonly key: string;
  readonly outcome: 'hit' | 'stale' | 'miss';
  /** Which tier answered; absent for a miss. */
  readonly tier?: 'redis' | 'memory';
}

/** Every event of a cache. A listener that throws harms nobody. */
export interface CacheEvents {
  readonly modechange: ModeChange;
  readonly lookup: Lookup;
}

export interface SetOptions {
  /** @default the cache's `ttl` */
  readonly ttl?: Duration;
}

/** Makes the value of a missing key; usually a database query. */
export type Loader<T> = () => T | Promise<T>;

/**
 * The cache that handlers see. No method ever rejects because of Redis: only a loader's own error, a
 * wrong argument, or a value that cannot be encoded rejects.
 */
export interface Cache {
  /** The value, or `undefined` when there is none (`has` tells a cached `undefined` from a miss). */
  get<T = unknown>(key: string): Promise<T | undefined>;
  /** The cached value, else the loader's, which is cached. One loader runs per key, for any number of callers. */
  getOrSet<T>(key: string, loader: Loader<T>, options?: SetOptions): Promise<T>;
  set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult>;
  delete(key: string): Promise<WriteResult>;
  /** Removes every key that matches the glob (`*`, `?`, `[a-c]`), or all keys; always within the prefix. */
  clear(pattern?: string): Promise<WriteResult>;
  has(key: string): Promise<boolean>;
  /** Present keys only, in the order asked. */
  getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>>;
  setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult>;
  /** Synchronous; never asks Redis. */
  status(): CacheStatus;
  on<Name extends keyof CacheEvents>(
    name: Name,
    listener: (event: CacheEvents[Name]) => unknown,
  ): Unsubscribe;
  /** Gives up the connection, if it is the cache's own, and every timer. Works in every state; harmless when called twice. */
  close(): Promise<void>;
}
