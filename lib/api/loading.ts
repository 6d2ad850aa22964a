import type { Duration } from '../core/time/duration.js';

export interface SetOptions {
  /** @default the cache's `ttl`; with `expiresAt` or `align`, no other limit */
  readonly ttl?: Duration | undefined;
  /** The instant at which the value will be wrong: a date, or milliseconds since 1970. @default none */
  readonly expiresAt?: Date | number | undefined;
  /** The value ends at the next multiple of this time, counted from 1970 in UTC: `'1h'` is the next full hour. @default none */
  readonly align?: Duration | undefined;
  /**
   * Names of groups that the value belongs to: `invalidateTags` removes all values of a group. At most 64, of at
   * most 256 characters each. @default none
   */
  readonly tags?: readonly string[] | undefined;
}

export interface LoadOptions extends SetOptions {
  /** How long after its ttl a value may still be served when the loader fails or is slow. @default the cache's `grace` */
  readonly grace?: Duration | undefined;
  /**
   * How long a caller waits for the loader if there is a stale value; 0: not at all.
   * @default the cache's `softTimeout`
   */
  readonly softTimeout?: Duration | undefined;
  /** How long the loader may take. @default the cache's `loaderTimeout` */
  readonly loaderTimeout?: Duration | undefined;
  /** Refresh a value before it expires: `true`, or a number above 1 for earlier. @default the cache's `refreshAhead` */
  readonly refreshAhead?: boolean | number | undefined;
  /** Ends this caller's wait, with the signal's reason; the load goes on for the others. */
  readonly signal?: AbortSignal | undefined;
}

/** What a loader gets. */
export interface LoaderContext<T> {
  readonly key: string;
  /** Aborted when no caller needs the result any more, `loaderTimeout` has passed, or the cache is closed. */
  readonly signal: AbortSignal;
  /**
   * The expired value, if there is one: for conditional requests. It is shared with other callers of this load:
   * do not keep it.
   */
  readonly stale?: T;
  /**
   * Sets another lifetime for this result, such as a short one for "not found". With 0, a negative number,
   * `NaN` or `Infinity` the result is not stored.
   */
  setTtl(ttl: Duration): void;
  /** Adds tags to this result, besides those of the options. */
  setTags(tags: readonly string[]): void;
  /** Gives the result to the callers and stores it nowhere. */
  skip(): void;
}

/**
 * Makes the value of a missing key; usually a database query. `Stale` is the type of `context.stale`, which is
 * the value's own unless you say otherwise.
 */
export type Loader<T, Stale = T> = (context: LoaderContext<Stale>) => T | Promise<T>;

/** What holds for all values of a namespace. */
export interface NamespaceOptions extends SetOptions {
  /**
   * Tags of all of its values. They belong to the cache that `namespace` was called on, so that one tag may be on
   * many namespaces. @default none
   */
  readonly tags?: readonly string[] | undefined;
}

/**
 * Makes the value of a hot key before a caller asks for it. `id` is the rest of the key after the beginning under
 * which `warm.loaders` has the loader.
 */
export type WarmLoader = (id: string, context: LoaderContext<unknown>) => unknown;

/** Options of `wrap`. The lifetimes are those of `getOrSet`. */
export interface WrapOptions<Args extends readonly unknown[]>
  extends Omit<LoadOptions, 'signal' | 'tags'> {
  /** The tags of the value that a call with these arguments returns. @default none */
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]) | undefined;
  /** The key of the value that a call with these arguments returns. Use everything that the value depends on. */
  readonly key: (...args: Args) => string;
}

/** What a loader of many keys gets. */
export interface ManyLoaderContext {
  readonly signal: AbortSignal;
  /** Adds tags to the value of one of the keys, besides those of the options. */
  setTags(key: string, tags: readonly string[]): void;
}

/** Makes the values of several missing keys at once. A key that is not in the result is not cached. */
export type ManyLoader<T> = (
  keys: readonly string[],
  context: ManyLoaderContext,
) => ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;
