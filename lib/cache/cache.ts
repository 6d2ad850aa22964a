import type { Cache, WriteResult } from '../api/cache.js';
import type { CacheEvents, Lookup } from '../api/events.js';
import type { CacheFreshness } from '../api/freshness.js';
import type {
  Loader,
  LoadOptions,
  ManyLoader,
  NamespaceOptions,
  SetOptions,
  WrapOptions,
} from '../api/loading.js';
import type { MetricsSnapshot } from '../api/metrics.js';
import type { CacheStatus } from '../api/status.js';
import { Emitter, type Unsubscribe } from '../core/emitter.js';
import { CACHE_MARK } from '../core/is-cache.js';
import { parseFunction } from '../core/validate.js';
import { decodeValue } from '../entry/codec.js';
import { payloadOffset } from '../entry/entry.js';
import type { Outcome } from '../tiers/observer.js';
import type { Found, Store } from '../tiers/store.js';
import { checkListening } from './arguments/listening.js';
import { loadArguments } from './arguments/load-arguments.js';
import { findMany, type Lookups, loadMany, staleIn, uniqueKeys } from './bulk-reads.js';
import { type CacheParts, type CacheTiers, tiersOf } from './cache-parts.js';
import { Changes } from './changes/changes.js';
import { listenWithin, namespaceParts } from './namespace.js';
import { type SendCall, sendJson } from './sending/send-json.js';
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
  readonly #changes: Changes;
  readonly freshness: CacheFreshness;
  /** The handle of the same request that this namespace came from, which hears its lookups, too. */
  readonly #outer: CacheHandle | undefined;
  /** A request's own events. Made with the first listener, because most requests have none. */
  #ownEvents: Emitter<CacheEvents> | undefined;

  constructor(parts: CacheParts, storeOfRequest?: Store, outer?: CacheHandle) {
    this.#parts = parts;
    this.#store = storeOfRequest ?? parts.store;
    this.#isOfRequest = storeOfRequest !== undefined;
    this.#outer = outer;
    this.#changes = new Changes(parts, this.#store);
    this.freshness = parts.freshness;
  }

  /** The same cache for one request. */
  forRequest(): CacheHandle {
    return new CacheHandle(this.#parts, this.#parts.store.forRequest());
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    const full = this.#parts.args.fullKey(key);
    // Memory answers without a promise. An `await` of a value costs a tenth of such a hit.
    const answer = this.#store.get(full);
    const found = answer instanceof Promise ? await answer : answer;
    return this.#valueOf(full, found)?.value as T | undefined;
  }

  async has(key: string): Promise<boolean> {
    const answer = this.#store.get(this.#parts.args.fullKey(key));
    const found = answer instanceof Promise ? await answer : answer;
    return found?.isStale === false;
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    const unique = await uniqueKeys(this.#parts, keys);
    const { args, turns } = this.#parts;
    const values = new Map<string, T>();
    await findMany({ store: this.#store, turns }, unique, (key, found) => {
      const hit = this.#valueOf(key, found);
      if (hit !== undefined) values.set(args.ownKey(key), hit.value as T);
    });
    return values;
  }

  async getOrSet<T, Stale = T>(
    key: string,
    loader: Loader<T, Stale>,
    options?: LoadOptions,
  ): Promise<T> {
    const full = this.#parts.args.fullKey(key);
    const load = parseFunction<Loader<unknown>>(LOADER, loader);
    const { config, store, signal } = loadArguments(this.#parts.config, this.#store, options);
    const { isClosed: isAfterClose } = this.#parts.loading;
    const request = { key: full, loader: load, config, store, signal, isAfterClose };
    const answer = this.#store.get(full);
    const found = answer instanceof Promise ? await answer : answer;
    const hit = found?.isStale === false ? this.#hit(full, found) : undefined;
    const { loading, args } = this.#parts;
    if (found !== undefined && hit !== undefined) {
      loading.hit(request, found.entry);
      return hit.value as T;
    }
    args.noteTtl(options?.ttl);
    const { value, outcome, tier } = await loading.answer(request, staleIn(found));
    this.#looked(full, outcome, tier);
    return value as T;
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>> {
    const load = parseFunction<ManyLoader<unknown>>(LOADER, loader);
    const { args, loading, turns } = this.#parts;
    const given = loadArguments(this.#parts.config, this.#store, options);
    const request = { loader: load, ...given, isAfterClose: loading.isClosed };
    const unique = await uniqueKeys(this.#parts, keys);
    args.noteTtl(options?.ttl);
    const reader = { store: this.#store, turns, loading };
    const values = await loadMany(reader, { keys: unique, request }, this.#lookups);
    return args.ownKeys(values) as Map<string, T>;
  }

  send<T>(...call: SendCall<T>): Promise<void> {
    const seen = (key: string, tier: Found['tier']): void => this.#looked(key, 'hit', tier);
    const sender = { parts: this.#parts, store: this.#store, seen, lookups: this.#lookups };
    return sendJson(sender, call);
  }

  wrap<This, Args extends unknown[], Value>(
    fn: (this: This, ...args: Args) => Value,
    options: WrapOptions<Args>,
  ): (this: This, ...args: Args) => Promise<Awaited<Value>> {
    return wrapFunction({ cache: this, load: this.#parts.config.load }, fn, options);
  }

  set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult> {
    return this.#changes.set(key, value, options);
  }

  setMany(...call: Parameters<Changes['setMany']>): Promise<WriteResult> {
    return this.#changes.setMany(...call);
  }

  delete(key: string): Promise<WriteResult> {
    return this.#changes.delete(key);
  }

  deleteMany(keys: readonly string[]): Promise<WriteResult> {
    return this.#changes.deleteMany(keys);
  }

  clear(pattern?: string): Promise<WriteResult> {
    return this.#changes.clear(pattern);
  }

  invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    return this.#changes.invalidateTags(tags);
  }

  namespace(name: string, options?: NamespaceOptions): CacheHandle {
    const parts = namespaceParts(this.#parts, name, options);
    return this.#isOfRequest ? new CacheHandle(parts, this.#store, this) : new CacheHandle(parts);
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
    if (!this.#isOfRequest || name !== 'lookup') return listenWithin(this.#parts, name, listener);
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
    const copy = new CacheHandle(this.#parts, this.#store, this.#outer);
    copy.on('lookup', onLookup);
    copy.on('lookup', (event) => this.#ownEvents?.emit('lookup', event));
    return copy;
  }

  get #lookups(): Lookups {
    return {
      hit: (key, found) => this.#hit(key, found),
      loaded: (key, answer) => this.#looked(key, answer?.outcome ?? 'miss', answer?.tier),
    };
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
    if (outcome === 'miss') this.#parts.args.noteKey(this.#parts.args.ownKey(key));
    for (let each: CacheHandle | undefined = this; each !== undefined; each = each.#outer) {
      const own = each.#ownEvents;
      if (own?.hears('lookup') === true)
        own.emit('lookup', lookup(each.#parts.args.ownKey(key), outcome, tier));
    }
  }
}

const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;
traceMethods(CacheHandle.prototype);
/** Other copies of this package recognise a cache by this mark. */
Object.defineProperty(CacheHandle.prototype, CACHE_MARK, { value: true });
