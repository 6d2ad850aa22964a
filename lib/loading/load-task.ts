import type { LoadError } from '../api/events.js';
import { type CacheContext, defer } from '../tiers/context.js';
import { acquireLease, type LeaseAnswer } from '../tiers/lease.js';
import { readMemory } from '../tiers/read.js';
import type { WaitBudget } from '../tiers/wait-budget.js';
import { keepForOutage, type NewValue } from '../tiers/write.js';
import type { Bulkhead } from './bulkhead.js';
import { jitteredTtl } from './early-refresh.js';
import type { Flight } from './flight.js';
import type { LoadBackoff } from './load-backoff.js';
import type { LoadRequest } from './load-request.js';
import type { LoadingConfig } from './loading-options.js';
import { type Loaded, runLoader } from './run-loader.js';
import { SharedValue, sharedValueOf } from './shared-value.js';

const POLL_SHORTEST_MS = 10;
const POLL_LONGEST_MS = 50;

export interface LoadTaskOptions {
  readonly context: CacheContext<LoadingConfig>;
  readonly bulkhead: Bulkhead;
  readonly backoff: LoadBackoff;
  readonly onLoadError: (event: LoadError) => void;
}

/**
 * What a flight does: get the right to load, run the loader, put what it made where it belongs.
 *
 * Invariants: the loader's value is stored under a lease while Redis can be written, in memory alone
 * while it cannot, and nowhere when the flight is void, another process has the lease, or the loader
 * says so; a lease that was granted is filled, given back, or void.
 */
export class LoadTask {
  readonly #context: CacheContext<LoadingConfig>;
  readonly #bulkhead: Bulkhead;
  readonly #backoff: LoadBackoff;
  readonly #onLoadError: (event: LoadError) => void;

  constructor(options: LoadTaskOptions) {
    this.#context = options.context;
    this.#bulkhead = options.bulkhead;
    this.#backoff = options.backoff;
    this.#onLoadError = options.onLoadError;
  }

  /** Rejects with the loader's error; whoever has a stale value at hand serves that instead. */
  async load(
    flight: Flight,
    request: LoadRequest,
    stale: SharedValue | undefined,
  ): Promise<SharedValue> {
    const answer = await this.#untilLoadable(flight, request, stale);
    if (answer.kind === 'held' && stale !== undefined) return stale;
    const stored = this.#storedMeanwhile(answer, request.key);
    if (stored !== undefined) return stored;
    if (answer.kind !== 'value') return this.#loadUnder(answer, flight, request, stale);
    // Unreadable though fresh: load it anew over what is there.
    const again = await acquireLease(this.#context, request.key, request.budget, true);
    return this.#loadUnder(again, flight, request, stale);
  }

  /** Loads a key whose value is still fresh, unless another process does. */
  async refresh(flight: Flight, request: LoadRequest): Promise<void> {
    const answer = await acquireLease(this.#context, request.key, undefined, true);
    if (answer.kind === 'held') return;
    await this.#loadUnder(answer, flight, request, undefined);
  }

  /** Waits while another process loads the key, but not for long, and not at all with a stale value. */
  async #untilLoadable(
    flight: Flight,
    request: LoadRequest,
    stale: SharedValue | undefined,
  ): Promise<LeaseAnswer> {
    const { clock, config } = this.#context;
    const { key, budget } = request;
    const giveUpAt = clock.now() + config.leaseWaitMs;
    let pause = POLL_SHORTEST_MS;
    let answer = await acquireLease(this.#context, key, budget);
    if (answer.kind === 'held') request.onElsewhere?.();
    if (stale !== undefined) return answer;
    while (answer.kind === 'held' && clock.now() < giveUpAt && !flight.isVoid) {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, pause, { ref: true });
      });
      pause = Math.min(POLL_LONGEST_MS, pause * 1.5);
      answer = await acquireLease(this.#context, key, undefined);
    }
    return answer;
  }

  /** A fresh value that somebody, another process or an earlier flight, stored since this caller looked. */
  #storedMeanwhile(answer: LeaseAnswer, key: string): SharedValue | undefined {
    try {
      if (answer.kind === 'value') return sharedValueOf(answer.entry, 'hit', 'redis');
      if (answer.kind !== 'none') return undefined;
      const found = readMemory(this.#context, key);
      return found?.isStale === false ? sharedValueOf(found.entry, 'hit', 'memory') : undefined;
    } catch {
      this.#context.metrics.errors++;
      return undefined;
    }
  }

  async #loadUnder(
    answer: LeaseAnswer,
    flight: Flight,
    request: LoadRequest,
    stale: SharedValue | undefined,
  ): Promise<SharedValue> {
    const lease = answer.kind === 'granted' ? answer.lease : undefined;
    let loaded: Loaded;
    try {
      loaded = await this.#run(flight, request, stale);
    } catch (error) {
      if (flight.isVoid) lease?.abandon();
      else void lease?.release();
      if (!flight.isAbandoned) this.#reportError(request.key, error, stale !== undefined);
      throw error;
    }
    this.#backoff.succeeded(request.key);
    if (flight.isVoid) lease?.abandon();
    else if (loaded.isSkipped) void lease?.release();
    else await this.#publish(request, answer, loaded);
    return new SharedValue(loaded.payload, 0, 'miss', undefined);
  }

  async #run(
    flight: Flight,
    request: LoadRequest,
    stale: SharedValue | undefined,
  ): Promise<Loaded> {
    const { key, loader, config } = request;
    const old = stale && { value: stale.copy() };
    const run = (): Promise<Loaded> => runLoader(this.#context, flight, key, loader, config, old);
    return request.isBatched === true ? run() : this.#bulkhead.run(run);
  }

  #reportError(key: string, error: unknown, isStaleServed: boolean): void {
    this.#backoff.failed(key, this.#context.clock.now());
    this.#onLoadError({ key, error, isStaleServed });
  }

  async #publish(request: LoadRequest, answer: LeaseAnswer, loaded: Loaded): Promise<void> {
    if (answer.kind === 'held' || answer.kind === 'value') return;
    const { key, config, budget } = request;
    const { metrics, config: cache, journal } = this.#context;
    metrics.sets++;
    const ttlMs = jitteredTtl(loaded.ttlMs, cache.ttlJitter, Math.random());
    const loadMs = config.refreshAhead > 0 ? Math.max(1, loaded.loadMs) : 0;
    const value: NewValue = { payload: loaded.payload, ttlMs, graceMs: config.graceMs, loadMs };
    journal.noteLife(ttlMs + config.graceMs);
    if (answer.kind === 'granted') return fillWithin(answer.lease.fill(value), budget);
    keepForOutage(this.#context, key, value);
    defer(this.#context, key, 'load');
  }
}

/** The caller's patience with a sick Redis ends before the command does. */
async function fillWithin(filled: Promise<void>, budget: WaitBudget | undefined): Promise<void> {
  if (budget?.isSpent === true) return;
  await (budget === undefined ? filled : budget.spend(filled, undefined));
}
