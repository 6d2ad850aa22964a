import type { Cache, WriteResult } from '../api/cache.js';
import type { CacheEvents, Lookup } from '../api/events.js';
import type { Loader, LoadOptions, ManyLoader, SetOptions } from '../api/loading.js';
import type { CacheStatus } from '../api/status.js';
import { Emitter, type Unsubscribe } from '../core/emitter.js';
import { compileGlob } from '../core/glob.js';
import { invalid, parseFunction } from '../core/validate.js';
import { decodeValue } from '../entry/codec.js';
import { payloadOffset } from '../entry/entry.js';
import type { Bulkhead } from '../loading/bulkhead.js';
import { loadMany } from '../loading/load-many.js';
import type { LoadRequest } from '../loading/load-request.js';
import { parseLoadOptions } from '../loading/loading-options.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { CacheContext } from '../tiers/context.js';
import { read, readMany } from '../tiers/read.js';
import type { Found } from '../tiers/standby.js';
import { WaitBudget } from '../tiers/wait-budget.js';
import { clear, type NewValue, remove, store } from '../tiers/write.js';
import { checkKey, checkPattern, parseNewValue } from './arguments.js';
import type { CacheConfig } from './options.js';

/** What all handles of one cache share. */
export interface CacheCore {
  readonly context: CacheContext<CacheConfig>;
  readonly singleFlight: SingleFlight;
  readonly bulkhead: Bulkhead;
  readonly events: Emitter<CacheEvents>;
  status(): CacheStatus;
  close(): void;
}

/**
 * A handle on a cache: the application's own, or one request's, which has a budget for waiting on Redis
 * and hears its own lookups only.
 */
export class CacheHandle implements Cache {
  readonly #core: CacheCore;
  readonly #budget: WaitBudget | undefined;
  readonly #ownEvents: Emitter<CacheEvents> | undefined;

  constructor(core: CacheCore, budget?: WaitBudget) {
    this.#core = core;
    this.#budget = budget;
    this.#ownEvents = budget === undefined ? undefined : new Emitter(() => {});
  }

  /** The same cache for one request. */
  forRequest(): CacheHandle {
    const { clock, config } = this.#core.context;
    return new CacheHandle(this.#core, new WaitBudget(clock, config.commandTimeoutMs));
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    checkKey(key);
    const answer = read(this.#core.context, key, this.#budget);
    const found = answer instanceof Promise ? await answer : answer;
    return this.#answer(key, found)?.value as T | undefined;
  }

  async getOrSet<T>(key: string, loader: Loader<T>, options?: LoadOptions): Promise<T> {
    checkKey(key);
    parseFunction(LOADER, loader);
    const { singleFlight, context } = this.#core;
    const request: LoadRequest = {
      key,
      loader: loader as Loader<unknown>,
      config: parseLoadOptions(context.config.load, options),
      budget: this.#budget,
      signal: options?.signal,
    };
    request.signal?.throwIfAborted();
    const answer = read(context, key, this.#budget);
    const found = answer instanceof Promise ? await answer : answer;
    if (found !== undefined && !found.isStale) {
      const hit = this.#decode(key, found);
      if (hit !== undefined) {
        if (request.config.refreshAhead > 0) singleFlight.refreshEarly(request, found.entry);
        return hit.value as T;
      }
    }
    const sharedValue = await singleFlight.answer(
      request,
      found?.isStale === true ? found : undefined,
    );
    this.#count(key, sharedValue.outcome, sharedValue.tier);
    return sharedValue.take() as T;
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>> {
    for (const key of keys) checkKey(key);
    parseFunction(LOADER, loader);
    const config = parseLoadOptions(this.#core.context.config.load, options);
    const signal = options?.signal;
    signal?.throwIfAborted();
    const unique = [...new Set(keys)];
    const found = await readMany(this.#core.context, unique, this.#budget);
    const values = new Map<string, T>();
    const missing = new Map<string, Found | undefined>();
    unique.forEach((key, i) => {
      const entry = found[i];
      const hit = entry?.isStale === false ? this.#decode(key, entry) : undefined;
      if (hit === undefined) missing.set(key, entry?.isStale === true ? entry : undefined);
      else values.set(key, hit.value as T);
    });
    const request = { config, budget: this.#budget, signal };
    const { singleFlight, bulkhead } = this.#core;
    const load = loader as ManyLoader<unknown>;
    const sharedValues = await loadMany(singleFlight, bulkhead, missing, load, request);
    for (const [key, sharedValue] of sharedValues) {
      this.#count(key, sharedValue?.outcome ?? 'miss', sharedValue?.tier);
      if (sharedValue !== undefined) values.set(key, sharedValue.take() as T);
    }
    return inOrder(unique, values);
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult> {
    checkKey(key);
    const newValue = parseNewValue(this.#core.context.config, value, options);
    this.#core.singleFlight.invalidate(key);
    return store(this.#core.context, key, newValue, this.#budget);
  }

  async delete(key: string): Promise<WriteResult> {
    checkKey(key);
    this.#core.singleFlight.invalidate(key);
    return remove(this.#core.context, key, this.#budget);
  }

  async clear(pattern?: string): Promise<WriteResult> {
    const glob = checkPattern(pattern);
    this.#core.singleFlight.invalidateMatching(compileGlob(glob));
    return clear(this.#core.context, glob, this.#budget);
  }

  async has(key: string): Promise<boolean> {
    checkKey(key);
    const answer = read(this.#core.context, key, this.#budget);
    const found = answer instanceof Promise ? await answer : answer;
    return found !== undefined && !found.isStale;
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    for (const key of keys) checkKey(key);
    const unique = [...new Set(keys)];
    const found =
      unique.length === 0 ? [] : await readMany(this.#core.context, unique, this.#budget);
    const values = new Map<string, T>();
    unique.forEach((key, i) => {
      const answer = this.#answer(key, found[i]);
      if (answer !== undefined) values.set(key, answer.value as T);
    });
    return values;
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult> {
    const values: [string, NewValue][] = [];
    for (const [key, value] of entries) {
      checkKey(key);
      values.push([key, parseNewValue(this.#core.context.config, value, options)]);
    }
    const results = await Promise.all(
      values.map(([key, value]) => {
        this.#core.singleFlight.invalidate(key);
        return store(this.#core.context, key, value, this.#budget);
      }),
    );
    return results.every((result) => result === 'applied') ? 'applied' : 'deferred';
  }

  status(): CacheStatus {
    return this.#core.status();
  }

  on<Name extends keyof CacheEvents>(
    name: Name,
    listener: (event: CacheEvents[Name]) => unknown,
  ): Unsubscribe {
    parseFunction(LISTENER, listener);
    if (!EVENTS.includes(name)) throw invalid(EVENT, EVENTS.join(' or '), name);
    const isOwn = name === 'lookup';
    const emitter = (isOwn && this.#ownEvents) || this.#core.events;
    return emitter.on(name, listener);
  }

  async close(): Promise<void> {
    this.#core.close();
  }

  #answer(key: string, found: Found | undefined): { readonly value: unknown } | undefined {
    const hit = found?.isStale === false ? this.#decode(key, found) : undefined;
    if (hit === undefined) this.#count(key, 'miss', undefined);
    return hit;
  }

  /** Decodes and counts a hit. An entry that cannot be decoded is a counted error and no hit. */
  #decode(key: string, found: Found): { readonly value: unknown } | undefined {
    try {
      const value = decodeValue(found.entry, payloadOffset(found.entry));
      this.#count(key, 'hit', found.tier);
      return { value };
    } catch {
      this.#core.context.metrics.errors++;
      this.#core.context.standby?.delete(key);
      return undefined;
    }
  }

  #count(key: string, outcome: Lookup['outcome'], tier: Lookup['tier']): void {
    const { context, events } = this.#core;
    if (outcome === 'miss') context.metrics.misses++;
    else context.metrics.hits++;
    if (events.hears('lookup')) events.emit('lookup', lookup(key, outcome, tier));
    const own = this.#ownEvents;
    if (own?.hears('lookup') === true) own.emit('lookup', lookup(key, outcome, tier));
  }
}

const EVENTS: readonly (keyof CacheEvents)[] = ['modechange', 'lookup', 'loaderror'];
const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;
const LISTENER = { name: 'the listener', code: 'ERR_CACHE_OPTION' } as const;
const EVENT = { name: 'the event', code: 'ERR_CACHE_OPTION' } as const;

function lookup(key: string, outcome: Lookup['outcome'], tier: Lookup['tier']): Lookup {
  return tier === undefined ? { key, outcome } : { key, outcome, tier };
}

function inOrder<T>(keys: readonly string[], values: ReadonlyMap<string, T>): Map<string, T> {
  const ordered = new Map<string, T>();
  for (const key of keys) if (values.has(key)) ordered.set(key, values.get(key) as T);
  return ordered;
}
