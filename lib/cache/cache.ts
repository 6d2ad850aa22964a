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
import { CACHE_LOOK, CACHE_MARK } from '../core/is-cache.js';
import type { Outcome } from '../tiers/observer.js';
import type { Found, Store } from '../tiers/store.js';
import { checkListening } from './arguments/listening.js';
import { type CacheParts, type CacheTiers, tiersOf } from './cache-parts.js';
import { Changes } from './changes/changes.js';
import { listenWithin, namespaceParts } from './namespace.js';
import { Reads } from './reads/reads.js';
import type { SendCall } from './sending/send-json.js';
import { lookup } from './status/cache-observer.js';
import { traceMethods } from './tracing/traced-methods.js';

/**
 * A handle on a cache: the application's own, or one request's, which has a waiting budget for Redis and gets
 * events of its own lookups only.
 */
export class CacheHandle implements Cache {
  readonly #parts: CacheParts;
  readonly #store: Store;
  readonly #isOfRequest: boolean;
  readonly #reads: Reads;
  #madeChanges: Changes | undefined;
  /** The handle of the same request that this namespace came from, which hears its lookups, too. */
  readonly #outer: CacheHandle | undefined;
  /** A request's own events. Made with the first listener, because most requests have none. */
  #ownEvents: Emitter<CacheEvents> | undefined;

  constructor(parts: CacheParts, storeOfRequest?: Store, outer?: CacheHandle) {
    this.#parts = parts;
    this.#store = storeOfRequest ?? parts.store;
    this.#isOfRequest = storeOfRequest !== undefined;
    this.#outer = outer;
    this.#reads = new Reads(parts, this.#store, this);
  }

  /** Made with the first change, because most requests only read. */
  get #changes(): Changes {
    this.#madeChanges ??= new Changes(this.#parts, this.#store);
    return this.#madeChanges;
  }

  /** The same cache for one request. */
  forRequest(): CacheHandle {
    return new CacheHandle(this.#parts, this.#parts.store.forRequest());
  }

  get<T = unknown>(key: string): Promise<T | undefined> {
    return this.#reads.get(key);
  }

  has(key: string): Promise<boolean> {
    return this.#reads.has(key);
  }

  getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    return this.#reads.getMany(keys);
  }

  getOrSet<T, Stale = T>(key: string, loader: Loader<T, Stale>, options?: LoadOptions): Promise<T> {
    return this.#reads.getOrSet(key, loader, options);
  }

  getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options?: LoadOptions,
  ): Promise<Map<string, T>> {
    return this.#reads.getOrSetMany(keys, loader, options);
  }

  send<T>(...call: SendCall<T>): Promise<void> {
    const { sendJson } =
      require('./sending/send-json.js') as typeof import('./sending/send-json.js');
    const seen = (key: string, tier: Found['tier']): void => this.looked(key, 'hit', tier);
    const { lookups } = this.#reads;
    const sender = { parts: this.#parts, store: this.#store, seen, lookups };
    return sendJson(sender, call);
  }

  wrap<This, Args extends unknown[], Value>(
    fn: (this: This, ...args: Args) => Value,
    options: WrapOptions<Args>,
  ): (this: This, ...args: Args) => Promise<Awaited<Value>> {
    const { wrapFunction } = require('./wrap.js') as typeof import('./wrap.js');
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

  /** Asks Redis, if it was silent: for health endpoints, which find it by its mark. */
  look(): Promise<unknown> | undefined {
    return this.#parts.look();
  }

  metrics(): MetricsSnapshot {
    return this.#parts.takeSnapshot();
  }

  get freshness(): CacheFreshness {
    return this.#parts.freshness;
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

  /** For the reads: counts a lookup, and tells the listeners. */
  looked(key: string, outcome: Outcome, tier: Found['tier'] | undefined): void {
    this.#parts.observer.looked(key, outcome, tier);
    if (outcome === 'miss') this.#parts.args.noteKey(this.#parts.args.ownKey(key));
    for (let each: CacheHandle | undefined = this; each !== undefined; each = each.#outer) {
      const own = each.#ownEvents;
      if (own?.hears('lookup') === true)
        own.emit('lookup', lookup(each.#parts.args.ownKey(key), outcome, tier));
    }
  }
}

traceMethods(CacheHandle.prototype);
/** Other copies of this package recognise a cache by this mark. */
Object.defineProperty(CacheHandle.prototype, CACHE_MARK, { value: true });
Object.defineProperty(CacheHandle.prototype, CACHE_LOOK, { value: CacheHandle.prototype.look });
