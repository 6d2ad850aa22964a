import { types } from 'node:util';
import type { Loader, LoaderContext, ManyLoader, ManyLoaderContext } from '../api/loading.js';
import { CacheHealthError } from '../core/errors.js';
import { parseLifetime } from '../core/time/duration.js';
import type { Turns } from '../core/time/turns.js';
import { describe, invalid } from '../core/validate.js';
import { encodeValue } from '../entry/codec.js';
import type { Flight } from './flight/flight.js';
import type { LoaderCall } from './flight/loader-call.js';
import { beginLife, hasInstant, type TimeLeft } from './lifetime.js';
import type { LoadConfig } from './loading-options.js';
import { checkCount, NO_TAGS, parseTags } from './tags-option.js';

/**
 * The result of a loader for one key.
 * - `value`: encoded. `ttlMs` is absent if the value goes to the callers and is stored nowhere. `tags` are those
 *   that the loader has named.
 * - `absent`: the loader did not return the key.
 * - `failed`: the value cannot be encoded.
 */
export type LoadResult =
  | ({ readonly kind: 'value'; readonly payload: string } & Destiny)
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** How long a loaded value is stored, and with which tags. */
interface Destiny {
  readonly ttlMs: number | undefined;
  /** The loader or a known instant says so, and no other lifetime may take its place. */
  readonly isFixed: boolean;
  readonly tags: readonly string[];
}

/** A user's loader, for one key or many, and the default lifetime of its values. */
export interface LoaderSource {
  readonly loader: unknown;
  /** Runs the loader once. The results are in the order of the flights. Rejects as `LoaderCall.run` does. */
  load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]>;
}

/** The clock that dates entries: the server's. */
export interface EntryClock {
  timeOf(key: string): number;
}

interface ManyParts {
  readonly turns: Turns;
  readonly store: EntryClock;
}

/** Runs the loader of `getOrSet` for its key. */
export class OneKeySource implements LoaderSource {
  readonly loader: Loader<unknown>;
  readonly #config: LoadConfig;
  readonly #clock: EntryClock;

  constructor(loader: Loader<unknown>, config: LoadConfig, clock: EntryClock) {
    this.loader = loader;
    this.#config = config;
    this.#clock = clock;
  }

  async load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]> {
    const flight = flights[0] as Flight;
    const timeLeft = beginLife(this.#config, () => this.#clock.timeOf(flight.key));
    const life: LoadedLife = {
      timeLeft,
      tags: NO_TAGS,
      isSkipped: false,
      scope: this.#config.scope,
    };
    const value = await call.run(() => this.loader(contextOf(flight, call, life)));
    const ttlMs = life.isSkipped ? undefined : life.timeLeft();
    const isFixed = hasInstant(this.#config) || life.timeLeft !== timeLeft;
    return [encoded(value, { ttlMs, isFixed, tags: life.tags })];
  }
}

/** Runs the loader of `getOrSetMany` for all of its keys at once. */
export class ManyKeysSource implements LoaderSource {
  readonly loader: ManyLoader<unknown>;
  readonly #config: LoadConfig;
  readonly #turns: Turns;
  readonly #clock: EntryClock;

  constructor(loader: ManyLoader<unknown>, config: LoadConfig, parts: ManyParts) {
    this.loader = loader;
    this.#config = config;
    this.#turns = parts.turns;
    this.#clock = parts.store;
  }

  async load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]> {
    const { scope } = this.#config;
    const isFixed = hasInstant(this.#config);
    const keys = flights.map(({ key }) => key.slice(scope.length));
    // Before the loader runs: what it returns may be as old as this.
    const lives = flights.map(({ key }) => beginLife(this.#config, () => this.#clock.timeOf(key)));
    const { context, tagsOf } = manyContext(keys, call, scope);
    const values = asMap(await call.run<unknown>(() => this.loader(keys, context)));
    const results: LoadResult[] = [];
    await this.#turns.forEach(keys, (key, i) => {
      const isGiven = values.has(key);
      const destiny = { ttlMs: lives[i]?.(), isFixed, tags: tagsOf.get(key) ?? NO_TAGS };
      results.push(isGiven ? encoded(values.get(key), destiny) : { kind: 'absent' });
    });
    return results;
  }
}

/** The lifetime and the tags of a value, which its loader may change. */
interface LoadedLife {
  timeLeft: TimeLeft;
  tags: readonly string[];
  isSkipped: boolean;
  readonly scope: string;
}

const TTL = { name: 'the ttl given to setTtl()', code: 'ERR_CACHE_OPTION' } as const;

/** Makes the signal and the copy of the stale value only when the loader reads them. */
function contextOf(flight: Flight, call: LoaderCall, life: LoadedLife): LoaderContext<unknown> {
  const context: LoaderContext<unknown> = {
    key: flight.key.slice(life.scope.length),
    get signal() {
      return call.signal;
    },
    setTtl(ttl) {
      const ttlMs = parseLifetime(TTL, ttl);
      life.timeLeft = () => ttlMs;
    },
    setTags(tags) {
      life.tags = joined(life.tags, tags, life.scope);
    },
    skip() {
      life.isSkipped = true;
    },
  };
  const { stale } = flight;
  if (stale === undefined) return context;
  let copy: { readonly value: unknown } | undefined;
  const get = (): unknown => {
    copy ??= { value: stale.copy() };
    return copy.value;
  };
  return Object.defineProperty(context, 'stale', { get, enumerable: true });
}

const KEY = { name: 'the key given to setTags()', code: 'ERR_CACHE_KEY' } as const;

const GIVEN = 'the tags given to setTags()';

/** The complete tags of several calls, each once. */
function joined(before: readonly string[], given: unknown, scope: string): readonly string[] {
  const tags = parseTags(GIVEN, given).map((tag) => scope + tag);
  return before.length === 0 ? tags : checkCount(GIVEN, [...new Set([...before, ...tags])]);
}

function manyContext(
  keys: readonly string[],
  call: LoaderCall,
  scope: string,
): {
  readonly context: ManyLoaderContext;
  readonly tagsOf: ReadonlyMap<string, readonly string[]>;
} {
  const tagsOf = new Map<string, readonly string[]>();
  let known: ReadonlySet<string> | undefined;
  const context: ManyLoaderContext = {
    get signal() {
      return call.signal;
    },
    setTags(key, tags) {
      known ??= new Set(keys);
      if (!known.has(key)) throw invalid(KEY, 'one of the keys that are loaded', key);
      tagsOf.set(key, joined(tagsOf.get(key) ?? NO_TAGS, tags, scope));
    },
  };
  return { context, tagsOf };
}

function encoded(value: unknown, destiny: Destiny): LoadResult {
  try {
    return { kind: 'value', payload: encodeValue(value), ...destiny };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Accepts a Map of another realm, too. */
function asMap(result: unknown): ReadonlyMap<string, unknown> {
  if (types.isMap(result)) return result as ReadonlyMap<string, unknown>;
  throw new CacheHealthError(
    'ERR_CACHE_LOADER',
    `The loader of getOrSetMany() must return a Map from key to value, got ${describe(result)}.`,
  );
}
