import type { LoadError } from '../../lib/api/events.js';
import type { Loader, ManyLoader } from '../../lib/api/loading.js';
import { Turns } from '../../lib/core/time/turns.js';
import { decodeValue } from '../../lib/entry/codec.js';
import { payloadOffset } from '../../lib/entry/entry.js';
import type { Answer } from '../../lib/loading/flight/shared-value.js';
import type { LoadConfig, LoadingConfig } from '../../lib/loading/loading-options.js';
import { SingleFlight } from '../../lib/loading/single-flight.js';
import type { Found, Store } from '../../lib/tiers/store.js';
import { FakeObserver } from '../support/fake-observer.js';
import { FakeStore } from '../support/fake-store.js';
import { ManualClock } from '../support/manual-clock.js';

export interface CallOptions extends Partial<LoadConfig> {
  readonly signal?: AbortSignal;
  readonly store?: Store;
}

export interface InHandOptions extends Partial<LoadConfig>, Partial<LoadingConfig> {
  readonly limit?: number;
}

const LOAD: LoadConfig = {
  ttlMs: 60_000,
  graceMs: 0,
  softTimeoutMs: Number.POSITIVE_INFINITY,
  loaderTimeoutMs: 60_000,
  refreshAhead: 0,
  tags: [],
  scope: '',
};

/** Loading on a fake store, with a clock that the test drives, asked as the cache asks it. */
export class InHand {
  readonly clock = new ManualClock();
  readonly store = new FakeStore(this.clock);
  readonly #observer = new FakeObserver();
  /** The loaders that failed. */
  readonly failures: readonly LoadError[] = this.#observer.loadFailures;
  /** Callers that shared a load. */
  readonly shared: readonly string[] = this.#observer.shared;
  /** How the loads ended. */
  readonly ended: readonly string[] = this.#observer.ended;
  readonly singleFlight: SingleFlight;
  readonly #load: LoadConfig;
  limit: number;

  constructor(options: InHandOptions = {}) {
    const { limit = Number.POSITIVE_INFINITY, ttlJitter = 0, leaseWaitMs = 1_000 } = options;
    const { maxConcurrentLoads, maxQueuedLoads = 1_000, ...load } = options;
    this.#load = { ...LOAD, ...load };
    this.limit = limit;
    this.singleFlight = new SingleFlight({
      store: this.store,
      observer: this.#observer,
      clock: this.clock,
      turns: new Turns(this.clock),
      config: { name: 'cache', ttlJitter, leaseWaitMs, maxConcurrentLoads, maxQueuedLoads },
      limit: () => this.limit,
    });
    this.singleFlight.start();
  }

  async getOrSet<T>(key: string, loader: Loader<T>, options: CallOptions = {}): Promise<T> {
    return (await this.ask(key, loader, options)).value as T;
  }

  async ask<T>(key: string, loader: Loader<T>, options: CallOptions = {}): Promise<Answer> {
    const { signal, store = this.store, ...load } = options;
    const config = { ...this.#load, ...load };
    const { isClosed: isAfterClose } = this.singleFlight;
    const own = { key, loader: loader as Loader<unknown>, isAfterClose };
    const request = { ...own, config, store, signal };
    const found = await store.get(key);
    if (found?.isStale === false) {
      this.singleFlight.hit(request, found.entry);
      return { value: valueIn(found), outcome: 'hit', tier: found.tier };
    }
    return this.singleFlight.answer(request, found);
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options: CallOptions = {},
  ): Promise<Map<string, T>> {
    const { signal, store = this.store, ...load } = options;
    const config = { ...this.#load, ...load };
    const { isClosed: isAfterClose } = this.singleFlight;
    const found = await store.getMany(keys);
    const values = new Map<string, T>();
    const missing = new Map<string, Found | undefined>();
    keys.forEach((key, i) => {
      const entry = found[i];
      if (entry?.isStale === false) values.set(key, valueIn(entry) as T);
      else missing.set(key, entry);
    });
    const own = { loader: loader as ManyLoader<unknown>, isAfterClose };
    const request = { ...own, config, store, signal };
    const answers = await this.singleFlight.answerMany(request, missing);
    for (const [key, { value }] of answers) values.set(key, value as T);
    return values;
  }

  /** What is stored and fresh. */
  stored(key: string): unknown {
    const found = this.store.peek(key);
    return found?.isStale === false ? valueIn(found) : undefined;
  }
}

function valueIn(found: Found): unknown {
  return decodeValue(found.entry, payloadOffset(found.entry));
}
