import type { Cache, WriteResult } from '../api/cache.js';
import type { CacheEvents, Lookup } from '../api/events.js';
import type { Loader, LoadOptions, ManyLoader, SetOptions, WrapOptions } from '../api/loading.js';
import type { MetricsSnapshot } from '../api/metrics.js';
import type { CacheStatus } from '../api/status.js';
import { Emitter, type Unsubscribe } from '../core/emitter.js';
import { CACHE_MARK } from '../core/is-cache.js';
import { promised } from '../core/promised.js';
import { parseFunction } from '../core/validate.js';
import { decodeValue } from '../entry/codec.js';
import { payloadOffset } from '../entry/entry.js';
import type { Outcome } from '../tiers/observer.js';
import type { Found, NewValue, Store } from '../tiers/store.js';
import { checkListening } from './arguments/listening.js';
import { loadArguments } from './arguments/load-arguments.js';
import { type BulkReader, findMany, staleIn, uniqueKeys } from './bulk-reads.js';
import { type CacheParts, type CacheTiers, tiersOf } from './cache-parts.js';
import { lookup } from './status/cache-observer.js';
import { traceMethods } from './tracing/traced-methods.js';
import { wrapFunction } from './wrap.js';

/**
 * A handle on a cache: the application's own, or one request's, which has a waiting budget for Redis and gets
 * events of its own lookups only.
 */
export class CacheHandle implements Cache {
  readonly #parts: CacheParts;
  readonly #store: Store;
  readonly #isOfRequest: boolean;
  /** A request's own events. Made with the first listener, because most requests have none. */
  #ownEvents: Emitter<CacheEvents> | undefined;

  constructor(parts: CacheParts, storeOfRequest?: Store) {
    this.#parts = parts;
    this.#store = storeOfRequest ?? parts.store;
    this.#isOfRequest = storeOfRequest !== undefined;
  }

  /** The same cache for one request. */
  forRequest(): CacheHandle {
    return new CacheHandle(this.#parts, this.#parts.store.forRequest());
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    this.#parts.args.checkKey(key);
    // Memory answers without a promise. An `await` of a value costs a tenth of such a hit.
    const answer = this.#store.get(key);
    const found = answer instanceof Promise ? await answer : answer;
    return this.#valueOf(key, found)?.value as T | undefined;
  }

  async has(key: string): Promise<boolean> {
    this.#parts.args.checkKey(key);
    const answer = this.#store.get(key);
    const found = answer instanceof Promise ? await answer : answer;
    return found?.isStale === false;
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    const unique = await uniqueKeys(this.#parts, keys);
    const values = new Map<string, T>();
    await findMany(this.#reader, unique, (key, found) => {
      const hit = this.#valueOf(key, found);
      if (hit !== undefined) values.set(key, hit.value as T);
    });
    return values;
  }

  async getOrSet<T, Stale = T>(
    key: string,
    loader: Loader<T, Stale>,
    options?: LoadOptions,
  ): Promise<T> {
    this.#parts.args.checkKey(key);
    const load = parseFunction<Loader<unknown>>(LOADER, loader);
    const { config, store, signal } = loadArguments(this.#parts.config, this.#store, options);
    const request = { key, loader: load, config, store, signal };
    const answer = this.#store.get(key);
    const found = answer instanceof Promise ? await answer : answer;
    const hit = found?.isStale === false ? this.#hit(key, found) : undefined;
    const { loading, args } = this.#parts;
    if (found !== undefined && hit !== undefined) {
      loading.hit(request, found.entry);
      return hit.value as T;
    }
    args.noteTtl(options?.ttl);
    const { value, outcome, tier } = await loading.answer(request, staleIn(found));
    this.#looked(key, outcome, tier);
    return value as T;
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>> {
    const load = parseFunction<ManyLoader<unknown>>(LOADER, loader);
    const request = { loader: load, ...loadArguments(this.#parts.config, this.#store, options) };
    const unique = await uniqueKeys(this.#parts, keys);
    const values = new Map<string, T>();
    const missing = new Map<string, Found | undefined>();
    await findMany(this.#reader, unique, (key, found) => {
      const hit = found?.isStale === false ? this.#hit(key, found) : undefined;
      if (hit === undefined) missing.set(key, staleIn(found));
      else values.set(key, hit.value as T);
    });
    if (missing.size === 0) return values;
    const { loading, turns, args } = this.#parts;
    args.noteTtl(options?.ttl);
    const answers = await loading.answerMany(request, missing);
    const inOrder = new Map<string, T>();
    await turns.forEach(unique, (key) => {
      const answer = answers.get(key);
      if (missing.has(key)) this.#looked(key, answer?.outcome ?? 'miss', answer?.tier);
      if (answer !== undefined) inOrder.set(key, answer.value as T);
      else if (values.has(key)) inOrder.set(key, values.get(key) as T);
    });
    return inOrder;
  }

  wrap<This, Args extends unknown[], Value>(
    fn: (this: This, ...args: Args) => Value,
    options: WrapOptions<Args>,
  ): (this: This, ...args: Args) => Promise<Awaited<Value>> {
    return wrapFunction({ cache: this, load: this.#parts.config.load }, fn, options);
  }

  set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult> {
    const { args } = this.#parts;
    return promised(() => {
      args.checkChange(key);
      return this.#store.put(key, args.newValue(value, args.ttlMs(options)));
    });
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult> {
    const { args, bulkChanges } = this.#parts;
    const ttlMs = args.ttlMs(options);
    return bulkChanges.run(
      args.entryList(entries),
      ([key, value]) => {
        args.checkChange(key);
        return [key, args.newValue(value, ttlMs)];
      },
      (changes) => this.#store.putMany(changes as readonly (readonly [string, NewValue])[]),
    );
  }

  delete(key: string): Promise<WriteResult> {
    return promised(() => {
      this.#parts.args.checkChange(key);
      return this.#store.remove(key);
    });
  }

  async deleteMany(keys: readonly string[]): Promise<WriteResult> {
    const { args, bulkChanges } = this.#parts;
    return bulkChanges.run(
      args.keyList(keys),
      (key) => {
        args.checkChange(key);
        return [key, undefined];
      },
      (changes) => this.#store.removeMany(changes.map(([key]) => key)),
    );
  }

  async clear(pattern?: string): Promise<WriteResult> {
    return this.#store.clear(this.#parts.args.pattern(pattern));
  }

  get tiers(): CacheTiers {
    return tiersOf(this.#parts, this.#store, this.#isOfRequest);
  }

  status(): CacheStatus {
    return this.#parts.reporter.status(this.#parts.store);
  }

  metrics(): MetricsSnapshot {
    return this.#parts.takeSnapshot();
  }

  on<Name extends keyof CacheEvents>(
    name: Name,
    listener: (event: CacheEvents[Name]) => unknown,
  ): Unsubscribe {
    checkListening(name, listener);
    if (!this.#isOfRequest || name !== 'lookup') return this.#parts.events.on(name, listener);
    this.#ownEvents ??= new Emitter(this.#parts.onListenerError);
    return this.#ownEvents.on(name, listener);
  }

  async close(): Promise<void> {
    await this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get name(): string {
    return this.#parts.config.name;
  }

  watched(onLookup: (lookup: Lookup) => void): CacheHandle {
    const copy = new CacheHandle(this.#parts, this.#store);
    copy.on('lookup', onLookup);
    copy.on('lookup', (event) => this.#ownEvents?.emit('lookup', event));
    return copy;
  }

  get #reader(): BulkReader {
    return { store: this.#store, turns: this.#parts.turns };
  }

  /** Returns the answer of `get`, and counts it. */
  #valueOf(key: string, found: Found | undefined): { readonly value: unknown } | undefined {
    const hit = found?.isStale === false ? this.#hit(key, found) : undefined;
    if (hit === undefined) this.#looked(key, 'miss', undefined);
    return hit;
  }

  /** Decodes and counts a hit. An entry that cannot be decoded is a miss. */
  #hit(key: string, { entry, tier }: Found): { readonly value: unknown } | undefined {
    try {
      const value = decodeValue(entry, payloadOffset(entry));
      this.#looked(key, 'hit', tier);
      return { value };
    } catch {
      this.#store.unreadable(key);
      return undefined;
    }
  }

  #looked(key: string, outcome: Outcome, tier: Found['tier'] | undefined): void {
    this.#parts.observer.looked(key, outcome, tier);
    if (outcome === 'miss') this.#parts.args.noteKey(key);
    const own = this.#ownEvents;
    if (own?.hears('lookup') === true) own.emit('lookup', lookup(key, outcome, tier));
  }
}

const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;
traceMethods(CacheHandle.prototype);
/** Other copies of this package recognise a cache by this mark. */
Object.defineProperty(CacheHandle.prototype, CACHE_MARK, { value: true });
