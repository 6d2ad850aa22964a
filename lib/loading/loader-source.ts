import { types } from 'node:util';
import type { Loader, LoaderContext, ManyLoader } from '../api/loading.js';
import { CacheHealthError } from '../core/errors.js';
import { parseLifetime } from '../core/time/duration.js';
import type { Turns } from '../core/time/turns.js';
import { describe } from '../core/validate.js';
import { encodeValue } from '../entry/codec.js';
import type { Flight } from './flight/flight.js';
import type { LoaderCall } from './flight/loader-call.js';
import { beginLife, type Lifetime, type TimeLeft } from './lifetime.js';

/**
 * The result of a loader for one key.
 * - `value`: encoded. `ttlMs` is absent if the value goes to the callers and is stored nowhere.
 * - `absent`: the loader did not return the key.
 * - `failed`: the value cannot be encoded.
 */
export type LoadResult =
  | { readonly kind: 'value'; readonly payload: string; readonly ttlMs: number | undefined }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A user's loader, for one key or many, and the default lifetime of its values. */
export interface LoaderSource {
  readonly loader: unknown;
  /** Runs the loader once. The results are in the order of the flights. Rejects as `LoaderCall.run` does. */
  load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]>;
}

/** Begins the lifetime of a value whose load begins. */
export type LifeOf = (key: string) => TimeLeft;

export function lifeBy(config: Lifetime, clock: { timeOf(key: string): number }): LifeOf {
  return (key) => beginLife(config, () => clock.timeOf(key));
}

/** Runs the loader of `getOrSet` for its key. */
export class OneKeySource implements LoaderSource {
  readonly loader: Loader<unknown>;
  readonly #lifeOf: LifeOf;

  constructor(loader: Loader<unknown>, lifeOf: LifeOf) {
    this.loader = loader;
    this.#lifeOf = lifeOf;
  }

  async load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]> {
    const flight = flights[0] as Flight;
    const life: LoadedLife = { timeLeft: this.#lifeOf(flight.key), isSkipped: false };
    const value = await call.run(() => this.loader(contextOf(flight, call, life)));
    return [encoded(value, life.isSkipped ? undefined : life.timeLeft())];
  }
}

/** Runs the loader of `getOrSetMany` for all of its keys at once. */
export class ManyKeysSource implements LoaderSource {
  readonly loader: ManyLoader<unknown>;
  readonly #lifeOf: LifeOf;
  readonly #turns: Turns;

  constructor(loader: ManyLoader<unknown>, lifeOf: LifeOf, turns: Turns) {
    this.loader = loader;
    this.#lifeOf = lifeOf;
    this.#turns = turns;
  }

  async load(flights: readonly Flight[], call: LoaderCall): Promise<readonly LoadResult[]> {
    const keys = flights.map(({ key }) => key);
    // Before the loader runs: what it returns may be as old as this.
    const lives = keys.map((key) => this.#lifeOf(key));
    const context = {
      get signal() {
        return call.signal;
      },
    };
    const values = asMap(await call.run<unknown>(() => this.loader(keys, context)));
    const results: LoadResult[] = [];
    await this.#turns.forEach(keys, (key, i) => {
      const isGiven = values.has(key);
      results.push(isGiven ? encoded(values.get(key), lives[i]?.()) : { kind: 'absent' });
    });
    return results;
  }
}

/** The lifetime of a value, which its loader may change. */
interface LoadedLife {
  timeLeft: TimeLeft;
  isSkipped: boolean;
}

const TTL = { name: 'the ttl given to setTtl()', code: 'ERR_CACHE_OPTION' } as const;

/** Makes the signal and the copy of the stale value only when the loader reads them. */
function contextOf(flight: Flight, call: LoaderCall, life: LoadedLife): LoaderContext<unknown> {
  const context: LoaderContext<unknown> = {
    key: flight.key,
    get signal() {
      return call.signal;
    },
    setTtl(ttl) {
      const ttlMs = parseLifetime(TTL, ttl);
      life.timeLeft = () => ttlMs;
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

function encoded(value: unknown, ttlMs: number | undefined): LoadResult {
  try {
    return { kind: 'value', payload: encodeValue(value), ttlMs };
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
