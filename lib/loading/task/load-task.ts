import type { LoadOutcome } from '../../api/metrics.js';
import { LOADS, type LoadMessage, traced } from '../../core/diagnostics/channels.js';
import type { Clock } from '../../core/time/clock.js';
import type { Turns } from '../../core/time/turns.js';
import type { Share } from '../../entry/sharing.js';
import type { Observer } from '../../tiers/observer.js';
import type { Loaded, NewValue, Store } from '../../tiers/store.js';
import type { Bulkhead } from '../bulkhead/bulkhead.js';
import { jitteredTtl } from '../early-refresh.js';
import type { Flight } from '../flight/flight.js';
import type { FlightGroup } from '../flight/flight-group.js';
import { LoaderCall } from '../flight/loader-call.js';
import { SharedValue } from '../flight/shared-value.js';
import type { KeyClaims } from '../key-claims.js';
import type { LoadBackoff } from '../load-backoff.js';
import type { LoaderSource, LoadResult } from '../loader-source.js';
import type { LoadConfig } from '../loading-options.js';
import type { Lifetimes, LoadedValue } from './lifetimes.js';
import { failureOf, successOf } from './load-outcome.js';
import { LoadTags, type TaggedValue } from './load-tags.js';

export interface LoadTaskOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly observer: Observer;
  readonly bulkhead: Bulkhead;
  readonly backoff: LoadBackoff;
  readonly claims: KeyClaims;
  readonly ttlJitter: number;
  readonly share?: Share | undefined;
  /** Absent: values live as long as the user says. */
  readonly lifetimes?: Lifetimes | undefined;
}

/** The flights of a group, to be loaded by its loader for the caller that owns the store. */
export interface LoadOrder {
  readonly group: FlightGroup;
  readonly flights: readonly Flight[];
  readonly source: LoaderSource;
  readonly store: Store;
  readonly config: LoadConfig;
}

interface TaggedOrder extends LoadOrder {
  readonly tags: LoadTags;
  /** The values that are replaced have not expired. */
  readonly isReload?: boolean;
}

/** When a load began, and what it replaces. */
type Seen = Pick<LoadedValue, 'at' | 'isReload'>;

/**
 * The work of flights: get the right to load, run the loader, and store and deliver its values.
 *
 * Invariants: a loaded value is stored under a lease while Redis can be written, in memory alone while it
 * cannot, and nowhere when the flight is void, another process has the lease, or the loader says so; a lease
 * that was granted is filled, given back, or void; every flight ends.
 */
export class LoadTask {
  readonly #options: LoadTaskOptions;
  isClosed = false;

  constructor(options: LoadTaskOptions) {
    this.#options = options;
  }

  /** Loads that begin from now on do not keep the process alive. */
  close(): void {
    this.isClosed = true;
  }

  /** Never rejects: a failure is an outcome of the flights. */
  async load(order: LoadOrder): Promise<void> {
    const { claims } = this.#options;
    try {
      const work = { ...order, tags: LoadTags.of(order, this.#options.lifetimes) };
      const { ready, held } = await claims.claim(order.store, order.flights);
      const { ready: tagged } = work.tags;
      if (tagged !== undefined) await tagged;
      if (held.length === 0) return await this.#run(work, ready);
      const runs = [this.#run(work, ready)];
      await claims.pollHeld(held, (more) => runs.push(this.#run(work, more)));
      await Promise.all(runs);
    } catch (error) {
      order.group.end(error);
    }
  }

  /** Loads a key whose value is still fresh, unless another process does. */
  async refresh(order: LoadOrder): Promise<void> {
    try {
      const flight = order.flights[0] as Flight;
      const work = { ...order, tags: LoadTags.of(order, this.#options.lifetimes), isReload: true };
      const { ready: tagged } = work.tags;
      if (!(await this.#options.claims.claimRefresh(flight))) return;
      if (tagged !== undefined) await tagged;
      await this.#run(work, [flight]);
    } catch (error) {
      order.group.end(error);
    }
  }

  /** Loads a key that no caller has asked for yet, unless it has a value by now or another process loads it. */
  async warm(order: LoadOrder): Promise<void> {
    const { claims } = this.#options;
    try {
      const work = { ...order, tags: LoadTags.of(order, this.#options.lifetimes) };
      const { ready: tagged } = work.tags;
      const { ready, held } = await claims.claim(order.store, order.flights);
      for (const flight of held) flight.callOff();
      if (tagged !== undefined) await tagged;
      await this.#run(work, ready);
    } catch {
      order.group.callOff();
    }
  }

  async #run(order: TaggedOrder, flights: readonly Flight[]): Promise<void> {
    if (flights.length === 0) return;
    const { clock, bulkhead, observer } = this.#options;
    const timeoutMs = order.config.loaderTimeoutMs;
    const isAwaited = !this.isClosed;
    const call = new LoaderCall(flights, { clock, bulkhead, observer, timeoutMs, isAwaited });
    let results: readonly LoadResult[];
    try {
      results = await this.#callLoader(order, flights, call);
    } catch (error) {
      this.#report(call, failureOf(call, order.group.hasEnded));
      await this.#failAll(flights, error);
      return;
    }
    this.#report(call, successOf(results));
    const { turns, share } = this.#options;
    const seen = { at: clock.now() - call.loadMs, isReload: order.isReload === true };
    const { refreshAhead, graceMs } = order.config;
    const loadMs = refreshAhead > 0 ? Math.max(1, call.loadMs) : 0;
    const loaded: TaggedValue[] = [];
    const receiving = turns.each(flights, (flight, i) => {
      const result = results[i] as LoadResult;
      const ttlMs = this.#receive(flight, result, seen);
      if (result.kind !== 'value') return;
      const named = order.tags.named(flight, result.tags);
      const { payload } = result;
      const value = ttlMs === undefined ? undefined : { payload, ttlMs, graceMs, loadMs };
      loaded.push({ flight, named, value });
    });
    if (receiving !== undefined) await receiving;
    const filling = this.#store(order, loaded);
    if (filling !== undefined) await filling;
    const ending = turns.each(flights, (flight, i) => {
      endWith(flight, results[i] as LoadResult, share);
    });
    if (ending !== undefined) await ending;
  }

  /** In the context of the caller that began the load. */
  #callLoader(
    { source, group }: LoadOrder,
    flights: readonly Flight[],
    call: LoaderCall,
  ): Promise<readonly LoadResult[]> {
    if (!LOADS.hasSubscribers) return source.load(flights, call);
    const [first] = flights;
    const { name: cache } = this.#options;
    const message: LoadMessage = { cache, keys: flights.length, key: (first as Flight).key };
    for (const flight of flights) flight.trace = message;
    return traced(LOADS, message, async () => {
      try {
        const results = await source.load(flights, call);
        message.outcome = successOf(results);
        return results;
      } catch (error) {
        message.outcome = failureOf(call, group.hasEnded);
        throw error;
      }
    });
  }

  #report(call: LoaderCall, outcome: LoadOutcome): void {
    this.#options.observer.loaded(outcome, call.hasRun ? call.loadMs : undefined);
  }

  /** Returns how long a loaded value may be stored. `undefined`: it may not. */
  #receive(flight: Flight, result: LoadResult, seen: Seen): number | undefined {
    const { backoff, lifetimes, ttlJitter } = this.#options;
    if (result.kind === 'failed') this.#fail(flight, result.error);
    else backoff.reset(flight.key);
    if (result.kind !== 'value') {
      flight.giveUpLease();
      return undefined;
    }
    const { ttlMs } = result;
    if (ttlMs === undefined || !flight.isStorable) return undefined;
    const lifetimeMs = lifetimes?.loaded({ ...result, ...seen, ttlMs, key: flight.key }) ?? ttlMs;
    return jitteredTtl(lifetimeMs, ttlJitter, Math.random());
  }

  #store(order: TaggedOrder, loaded: readonly TaggedValue[]): Promise<void> | undefined {
    const tagged = order.tags.apply(loaded);
    return tagged instanceof Promise
      ? tagged.then((values) => this.#fill(order.store, loaded, values))
      : this.#fill(order.store, loaded, tagged);
  }

  #fill(
    store: Store,
    loaded: readonly TaggedValue[],
    values: readonly (NewValue | undefined)[],
  ): Promise<void> | undefined {
    const stored: Loaded[] = [];
    for (const [i, { flight }] of loaded.entries()) {
      const value = values[i];
      // The key was changed, perhaps while the event loop had its turns.
      if (flight.isVoid || value === undefined) flight.giveUpLease();
      else stored.push({ key: flight.key, lease: flight.lease, value });
    }
    return stored.length > 0 ? store.fill(stored) : undefined;
  }

  async #failAll(flights: readonly Flight[], error: unknown): Promise<void> {
    await this.#options.turns.forEach(flights, (flight) => {
      flight.giveUpLease();
      this.#fail(flight, error);
    });
  }

  /** A load that was aborted because no caller needs it did not fail. */
  #fail(flight: Flight, error: unknown): void {
    const { clock, backoff, observer } = this.#options;
    const { key, group, stale } = flight;
    if (!group.hasEnded) {
      if (!group.isWarming) backoff.failed(key, clock.now());
      observer.loadFailed({ key, error, isStaleServed: stale !== undefined });
    }
    if (group.isWarming) flight.callOff();
    else flight.end({ kind: 'failed', error });
  }
}

function endWith(flight: Flight, result: LoadResult, share: Share | undefined): void {
  if (result.kind !== 'value') flight.end(result);
  else flight.end({ kind: 'value', value: SharedValue.loaded(result.payload, share) });
}
