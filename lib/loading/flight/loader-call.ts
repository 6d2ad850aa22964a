import { AsyncLocalStorage } from 'node:async_hooks';
import { CacheHealthError } from '../../core/errors.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import { formatDuration } from '../../core/time/duration.js';
import type { Observer } from '../../tiers/observer.js';
import type { Bulkhead } from '../bulkhead/bulkhead.js';
import type { Place } from '../bulkhead/place.js';
import type { Flight, LoaderRun, Wait } from './flight.js';

export interface LoaderCallOptions {
  readonly clock: Clock;
  readonly bulkhead: Bulkhead;
  readonly observer: Pick<Observer, 'loading'>;
  readonly timeoutMs: number;
  /** Whether the process stays alive until the timeout. */
  readonly isAwaited: boolean;
}

/**
 * The loader that the present code runs in. Node tracks each promise while this is switched on, which makes
 * hits several times as expensive, so it is on only while a loader runs. `running` counts those of all caches.
 */
const CURRENT = new AsyncLocalStorage<LoaderCall | undefined>();
let running = 0;

/** The loader that the caller is a part of, as long as that runs. */
export function currentCall(): LoaderCall | undefined {
  const call = CURRENT.getStore();
  return call?.isRunning === true ? call : undefined;
}

/** Runs a task that no loader waits for, even if a loader began it. */
export function outsideLoaders<T>(task: () => T): T {
  return currentCall() === undefined ? task() : CURRENT.run(undefined, task);
}

/**
 * One run of a loader, for one key or many: in a place of the bulkhead, for a limited time, with a signal
 * that is only made when the loader reads it.
 *
 * Invariants: its place is given back once, whatever the loader does afterwards; its signal is aborted with
 * the reason that its callers get.
 */
export class LoaderCall implements LoaderRun {
  readonly #options: LoaderCallOptions;
  readonly #waits = new Set<Wait>();
  #flights: readonly Flight[];
  #parent: LoaderCall | undefined = currentCall();
  #place: Place | undefined;
  #state: 'waiting' | 'running' | 'over' = 'waiting';
  #reason: { readonly error: unknown } | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #startedAt: number | undefined;
  #loadMs = 0;
  #hasTimedOut = false;

  constructor(flights: readonly Flight[], options: LoaderCallOptions) {
    this.#flights = flights;
    this.#options = options;
    for (const flight of flights) {
      flight.run = this;
      flight.group.begin(this);
    }
  }

  get waits(): Iterable<Wait> {
    return this.#waits;
  }

  /** How long the loader took. */
  get loadMs(): number {
    return this.#loadMs;
  }

  /** Whether the loader was called. */
  get hasRun(): boolean {
    return this.#startedAt !== undefined;
  }

  get hasTimedOut(): boolean {
    return this.#hasTimedOut;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** For the loader: aborted when no caller needs its result, or it takes too long. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason.error);
    return this.#controller.signal;
  }

  /**
   * Runs the loader when it is its turn. Rejects with the loader's error, with `ERR_CACHE_LOADER_TIMEOUT`,
   * with `CacheOverloadedError`, or with the reason given to `end`.
   */
  async run<T>(loader: () => T | Promise<T>): Promise<T> {
    try {
      this.#throwIfEnded();
      this.#place = this.#options.bulkhead.enter(this.#lenders());
      if (!this.#place.isRunning) await this.#place.admitted();
      this.#throwIfEnded();
      return await this.#runNow(loader);
    } finally {
      this.#finish();
    }
  }

  end(error: unknown): void {
    if (this.#state === 'over' || this.#reason !== undefined) return;
    this.#reason = { error };
    if (this.#state === 'waiting') this.#place?.leave(error);
    this.#controller?.abort(error);
    this.#reject?.(error);
  }

  /** The present code, as a part of this loader, waits for a flight. */
  waitFor(flight: Flight): Wait {
    const wait: Wait = { run: this, flight };
    this.#waits.add(wait);
    flight.beginWait(wait);
    return wait;
  }

  endWait(wait: Wait): void {
    this.#waits.delete(wait);
    wait.flight.endWait(wait);
  }

  lend(waiter: LoaderRun): void {
    const place = waiter.placeIn(this.#options.bulkhead);
    if (place !== undefined) this.#place?.offer(place);
  }

  unlend(waiter: LoaderRun): void {
    const place = waiter.placeIn(this.#options.bulkhead);
    if (place !== undefined) this.#place?.withdraw(place);
  }

  /** If loaders of several caches call each other, each cache has a bulkhead of its own. */
  placeIn(bulkhead: Bulkhead): Place | undefined {
    if (this.#options.bulkhead === bulkhead) return this.#place;
    return this.#parent?.placeIn(bulkhead);
  }

  #runNow<T>(loader: () => T | Promise<T>): Promise<T> {
    const { clock, observer, timeoutMs, isAwaited } = this.#options;
    this.#state = 'running';
    for (const { key } of this.#flights) observer.loading(key);
    running++;
    this.#startedAt = clock.now();
    const giveUp = (): void => {
      this.#hasTimedOut = true;
      this.end(this.#timeoutError());
    };
    this.#timer = clock.setTimer(giveUp, timeoutMs, { ref: isAwaited });
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      const loading = CURRENT.run(this, () => started(loader));
      loading.then(resolve, reject);
    });
  }

  #finish(): void {
    if (this.#state === 'running') {
      this.#timer?.cancel();
      this.#loadMs = this.#options.clock.now() - (this.#startedAt ?? 0);
      if (--running === 0) CURRENT.disable();
    }
    this.#state = 'over';
    this.#place?.leave();
    // A socket or timer that the loader made keeps this object alive through its async context.
    this.#flights = [];
    this.#parent = undefined;
    this.#reject = undefined;
  }

  /** The places of loaders that wait for this one. */
  #lenders(): Iterable<Place> {
    const places: Place[] = [];
    for (const flight of this.#flights) {
      for (const { run } of flight.waits) {
        const place = run.placeIn(this.#options.bulkhead);
        if (place !== undefined) places.push(place);
      }
    }
    return places;
  }

  #throwIfEnded(): void {
    if (this.#reason !== undefined) throw this.#reason.error;
  }

  #timeoutError(): CacheHealthError {
    const keys = this.#flights.length === 1 ? '' : ` and ${this.#flights.length - 1} more`;
    const took = formatDuration(this.#options.timeoutMs);
    return new CacheHealthError(
      'ERR_CACHE_LOADER_TIMEOUT',
      `The loader of '${this.#flights[0]?.key}'${keys} took longer than ${took}. Make it faster, raise loaderTimeout, or give the entry a grace so that a stale value can serve.`,
    );
  }
}

/** A loader may throw, or return a value or anything with a `then`. */
async function started<T>(loader: () => T | Promise<T>): Promise<T> {
  return loader();
}
