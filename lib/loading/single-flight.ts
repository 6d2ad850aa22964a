import { freshUntilMs, graceMsOf, loadMsOf } from '../entry/entry.js';
import type { CacheContext } from '../tiers/context.js';
import type { Found } from '../tiers/standby.js';
import { awaitFlight } from './await-flight.js';
import { isDueEarly } from './early-refresh.js';
import { Flight } from './flight.js';
import type { LoadBackoff } from './load-backoff.js';
import type { LoadRequest } from './load-request.js';
import type { LoadTask } from './load-task.js';
import { type SharedValue, sharedValueOf } from './shared-value.js';

/**
 * One load per key: the first caller that finds none begins it, callers that come meanwhile share it.
 *
 * Invariants: a key has one load and one early refresh at most; a change of the key voids both and takes
 * them off the list, so that later callers start anew; no rejection of a load goes unhandled, whether
 * or not somebody waits for it.
 */
export class SingleFlight {
  readonly #context: CacheContext;
  readonly #task: LoadTask;
  readonly #backoff: LoadBackoff;
  readonly #flights = new Map<string, Flight>();
  readonly #refreshes = new Map<string, Flight>();

  constructor(context: CacheContext, task: LoadTask, backoff: LoadBackoff) {
    this.#context = context;
    this.#task = task;
    this.#backoff = backoff;
  }

  /** The value for a caller that found none, or (`found`) a stale one. */
  async answer(request: LoadRequest, found: Found | undefined): Promise<SharedValue> {
    const { clock } = this.#context;
    const sharedValue = found && this.#staleOf(found);
    // The last try failed a moment ago: the stale value serves until it is time for the next.
    if (sharedValue !== undefined && this.#backoff.mustWait(request.key, clock.now()))
      return sharedValue;
    const stale = sharedValue && {
      sharedValue,
      isUsable: () => this.#isWithinGrace((found as Found).entry),
    };
    return awaitFlight(this.#flightFor(request, sharedValue), {
      clock,
      stale,
      softTimeoutMs: request.config.softTimeoutMs,
      signal: request.signal,
    });
  }

  /** A fresh value was read: refreshes it in the background when its end is near and nobody else does. */
  refreshEarly(request: LoadRequest, entry: string): void {
    const { key, config } = request;
    if (this.#refreshes.has(key) || this.#flights.has(key)) return;
    const nowMs = this.#context.serverClock.now();
    const random = 1 - Math.random();
    if (!isDueEarly(nowMs, freshUntilMs(entry), loadMsOf(entry), config.refreshAhead, random))
      return;
    const flight = new Flight(true);
    this.#begin(this.#refreshes, key, flight, this.#task.refresh(flight, request));
  }

  /** The key was changed: what is being loaded for it is not stored. */
  invalidate(key: string): void {
    for (const flights of [this.#flights, this.#refreshes]) {
      const flight = flights.get(key);
      if (flight === undefined) continue;
      flight.isVoid = true;
      flights.delete(key);
    }
    this.#backoff.succeeded(key);
  }

  invalidateMatching(matches: (key: string) => boolean): void {
    const keys = new Set([...this.#flights.keys(), ...this.#refreshes.keys()]);
    for (const key of keys) if (matches(key)) this.invalidate(key);
  }

  #flightFor(request: LoadRequest, stale: SharedValue | undefined): Flight {
    const running = this.#flights.get(request.key);
    if (running !== undefined && !running.isAbandoned) {
      request.onElsewhere?.();
      return running;
    }
    const flight = new Flight();
    this.#begin(this.#flights, request.key, flight, this.#task.load(flight, request, stale));
    return flight;
  }

  #begin<T>(flights: Map<string, Flight>, key: string, flight: Flight, work: Promise<T>): void {
    flight.load = work as Promise<SharedValue>;
    flights.set(key, flight);
    const end = (): void => {
      flight.isOver = true;
      if (flights.get(key) === flight) flights.delete(key);
    };
    work.then(end, end);
  }

  #staleOf(found: Found): SharedValue | undefined {
    try {
      return sharedValueOf(found.entry, 'stale', found.tier);
    } catch {
      this.#context.metrics.errors++;
      return undefined;
    }
  }

  #isWithinGrace(entry: string): boolean {
    return this.#context.serverClock.now() < freshUntilMs(entry) + graceMsOf(entry);
  }
}
