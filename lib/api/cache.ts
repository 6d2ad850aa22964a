import type { Unsubscribe } from '../core/emitter.js';
import type { CacheEvents } from './events.js';
import type { Loader, LoadOptions, ManyLoader, SetOptions } from './loading.js';
import type { CacheStatus } from './status.js';

/**
 * What became of a write: `applied`, Redis acknowledged it; `deferred`, it is in this process' memory
 * and in the journal, and Redis deletes the key before it is read again. Without Redis, memory applies it.
 */
export type WriteResult = 'applied' | 'deferred';

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
  /** As `delete` for each key, together. */
  deleteMany(keys: readonly string[]): Promise<WriteResult>;
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
  /**
   * Ends loads under way, whose callers get `ERR_CACHE_CLOSED`, then the connection, if it is the cache's
   * own, and every timer. Works in every state; harmless when called twice.
   */
  close(): Promise<void>;
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
