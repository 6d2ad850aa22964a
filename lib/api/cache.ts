import type { ServerResponse } from 'node:http';
import type { Unsubscribe } from '../core/emitter.js';
import type { CacheEvents } from './events.js';
import type { CacheFreshness } from './freshness.js';
import type {
  Loader,
  LoadOptions,
  ManyLoader,
  NamespaceOptions,
  SetOptions,
  WrapOptions,
} from './loading.js';
import type { MetricsSnapshot } from './metrics.js';
import type { CacheStatus } from './status.js';

/**
 * The outcome of a write. `applied`: Redis has it, or something newer. `deferred`: it is in this process'
 * memory and in the journal, and Redis deletes the key before the cache reads it from there again. Without
 * Redis, memory applies it.
 */
export type WriteResult = 'applied' | 'deferred';

/**
 * The cache that handlers see. No method ever rejects because of Redis: it rejects only for a loader's own
 * error, a wrong argument, or a value that cannot be encoded.
 */
export interface Cache {
  /** The value, or `undefined` when there is none (`has` tells a cached `undefined` from a miss). */
  get<T = unknown>(key: string): Promise<T | undefined>;
  /**
   * The cached value, or else the loader's, which the cache then stores. One loader runs per key, for any
   * number of callers.
   */
  getOrSet<T, Stale = T>(key: string, loader: Loader<T, Stale>, options?: LoadOptions): Promise<T>;
  /**
   * As `getOrSet` for each key, with one loader call for those that are missing. Keys that the loader does not
   * return are absent.
   */
  getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>>;
  /**
   * Returns `fn` with a cache in front of it: the same arguments and the same value, as a promise. A call reads
   * the key that `options.key` makes of its arguments, and runs `fn` if there is no value, as `getOrSet` does.
   * A call rejects with what `fn` or `options.key` throws.
   *
   * @throws CacheHealthError `ERR_CACHE_OPTION` or `ERR_CACHE_LOADER` for wrong arguments, at once.
   */
  wrap<This, Args extends unknown[], Value>(
    fn: (this: This, ...args: Args) => Value,
    options: WrapOptions<Args>,
  ): (this: This, ...args: Args) => Promise<Awaited<Value>>;
  set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult>;
  delete(key: string): Promise<WriteResult>;
  /** Like `delete` for each key, in few commands. */
  deleteMany(keys: readonly string[]): Promise<WriteResult>;
  /** Removes every key that matches the glob (`*`, `?`, `[a-c]`), or all keys; always within the prefix. */
  clear(pattern?: string): Promise<WriteResult>;
  /**
   * Removes every value that has one of these tags, however many there are, in one round trip. Loads that run now do
   * not store their values with these tags. Other processes see it within a second while Redis answers.
   *
   * @throws CacheHealthError `ERR_CACHE_TAG` for wrong tags, or more than 1,000.
   */
  invalidateTags(tags: readonly string[]): Promise<WriteResult>;
  /**
   * A cache with keys and tags of its own, on the same connection and in the same memory: for a tenant, say. `clear()`
   * of it is one round trip, whatever is in it. Namespaces may have namespaces. `status()` and `metrics()` are
   * those of the whole cache. `close()` does nothing: close the cache itself.
   *
   * @throws CacheHealthError `ERR_CACHE_KEY` for a name that cannot be one, `ERR_CACHE_OPTION` for wrong options.
   */
  namespace(name: string, options?: NamespaceOptions): Cache;
  /**
   * Answers a request with the value of `getOrSet`, as JSON. A stored value goes to the client without being read and
   * written again. The answer has an `ETag` from its key and version, and is a 304 if the client has it. HEAD gets
   * the head, `undefined` a 204. Headers and a status that you have set stay.
   *
   * Rejects as `getOrSet` does; nothing is sent then.
   */
  send<T>(
    res: ServerResponse,
    key: string,
    loader: Loader<T>,
    options?: LoadOptions,
  ): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Present keys only, in the order asked. */
  getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>>;
  setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult>;
  /** Synchronous. Never contacts Redis. */
  status(): CacheStatus;
  /** Everything that the cache counts, for exporters and pages. Synchronous. Never contacts Redis. */
  metrics(): MetricsSnapshot;
  /** How stale hits are, and which lifetimes would suit: of the whole cache, by groups of the option `freshness`. */
  readonly freshness: CacheFreshness;
  on<Name extends keyof CacheEvents>(
    name: Name,
    listener: (event: CacheEvents[Name]) => unknown,
  ): Unsubscribe;
  /**
   * Ends running loads (their callers get `ERR_CACHE_CLOSED`), then the connection, if it is the cache's own,
   * and every timer. Works in every state; harmless when called twice.
   */
  close(): Promise<void>;
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
