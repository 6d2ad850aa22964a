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
  /** Redis commands and connection attempts that failed or timed out, and entries that could not be decoded. */
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
  /** Present while Redis is not used, except during an attempt: when it is tried next. */
  readonly nextProbeAt?: string;
  /** Writes that wait for Redis, and how often there were so many that the whole prefix was flushed instead. */
  readonly journal: { readonly entries: number; readonly max: number; readonly overflows: number };
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
 * What became of a write: `applied`, Redis acknowledged it; `deferred`, it is in this process' memory
 * and in the journal, and Redis deletes the key before it is read again. Without Redis, memory applies it.
 */
export type WriteResult = 'applied' | 'deferred';

/** A loader failed, or took too long. `isStaleServed`: there was a stale value for its callers. */
export interface LoadError {
  readonly key: string;
  readonly error: unknown;
  readonly isStaleServed: boolean;
}

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
  readonly loaderror: LoadError;
}

export interface SetOptions {
  /** @default the cache's `ttl` */
  readonly ttl?: Duration;
}

export interface LoadOptions extends SetOptions {
  /** How long after its ttl a value may still be served when the loader fails or is slow. @default the cache's `grace` */
  readonly grace?: Duration;
  /** How long a caller waits for the loader when a stale value is at hand; 0 not at all. @default the cache's `softTimeout` */
  readonly softTimeout?: Duration;
  /** How long the loader may take. @default the cache's `loaderTimeout` */
  readonly loaderTimeout?: Duration;
  /** Refresh a value before it expires: `true`, or a number above 1 for earlier. @default the cache's `refreshAhead` */
  readonly refreshAhead?: boolean | number;
  /** Ends this caller's wait, with the signal's reason; the load goes on for the others. */
  readonly signal?: AbortSignal;
}

/** What a loader is given. */
export interface LoaderContext<T> {
  readonly key: string;
  /** Aborted when nobody needs the result any more, or `loaderTimeout` has passed. */
  readonly signal: AbortSignal;
  /** The expired value, if there is one: for conditional requests. Not a copy of your own: do not keep it. */
  readonly stale?: T;
  /** Another lifetime for this result, such as a short one for "not found". */
  setTtl(ttl: Duration): void;
  /** Gives the result to the callers and stores it nowhere. */
  skip(): void;
}

/** Makes the value of a missing key; usually a database query. */
export type Loader<T> = (context: LoaderContext<T>) => T | Promise<T>;

/** Makes the values of several missing keys at once. A key that is not in the result is not cached. */
export type ManyLoader<T> = (
  keys: readonly string[],
  context: { readonly signal: AbortSignal },
) => ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;

/**
 * The cache that handlers see. No method ever rejects because of Redis: only a loader's own error, a
 * wrong argument, or a value that cannot be encoded rejects.
 */
export interface Cache {
  /** The value, or `undefined` when there is none (`has` tells a cached `undefined` from a miss). */
  get<T = unknown>(key: string): Promise<T | undefined>;
  /** The cached value, else the loader's, which is cached. One loader runs per key, for any number of callers. */
  getOrSet<T>(key: string, loader: Loader<T>, options?: LoadOptions): Promise<T>;
  /** As `getOrSet` for each key, with one loader call for those that are missing. Keys the loader did not give are absent. */
  getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>>;
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
