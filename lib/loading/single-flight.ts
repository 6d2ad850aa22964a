import { AbortListeners } from '../core/abort-listeners.js';
import type { Clock } from '../core/time/clock.js';
import type { Turns } from '../core/time/turns.js';
import type { Observer } from '../tiers/observer.js';
import type { Found, KeyChange, Store } from '../tiers/store.js';
import { BackgroundLoads } from './background-loads.js';
import { Bulkhead } from './bulkhead/bulkhead.js';
import type { BulkheadLoad } from './bulkhead/overloaded-error.js';
import {
  awaitFlights,
  type Seat,
  type SeatOutcome,
  type StaleValue,
} from './flight/await-flights.js';
import { closedError } from './flight/closed-error.js';
import { refuseCycle } from './flight/cycle.js';
import type { Flight } from './flight/flight.js';
import { FlightTable } from './flight/flight-table.js';
import type { Answer } from './flight/shared-value.js';
import { tracedWait } from './flight/traced-wait.js';
import type { Audits } from './freshness/audits.js';
import { auditsOf, freshnessOf } from './freshness/optional-freshness.js';
import { KeyClaims } from './key-claims.js';
import { LoadBackoff } from './load-backoff.js';
import type { LoadManyRequest, LoadRequest } from './load-request.js';
import { type LoaderSource, ManyKeysSource, OneKeySource } from './loader-source.js';
import type { LoadingConfig } from './loading-options.js';
import { staleValueOf } from './stale-value.js';
import { LoadTask } from './task/load-task.js';

export interface SingleFlightOptions {
  /** The cache's own store, without a request's waiting budget. */
  readonly store: Store;
  readonly observer: Observer;
  readonly clock: Clock;
  /** Shared by the cache, so that all its long work together lets the event loop turn. */
  readonly turns: Turns;
  readonly config: LoadingConfig;
  /** How many loaders may run at once, at present. */
  readonly limit: () => number;
}

/** A key that a caller wants, and its stale value. */
interface Wanted {
  readonly key: string;
  readonly stale: StaleValue | undefined;
}

/** The seats that a caller waits for, and the flights among them that its own loader loads. */
interface Boarded {
  readonly seats: readonly Seat[];
  /** Flights of one group. */
  readonly begun: readonly Flight[];
  readonly source: LoaderSource;
}

type Caller = Omit<LoadManyRequest, 'loader'>;

const NONE: readonly Flight[] = [];

/**
 * One load per key. The first caller that finds no value begins it, and callers that come while it runs share
 * it. If the loader of a joined flight does not return a key, the joiner's own loader loads it.
 *
 * Invariants: a key has one load at most that later callers may join; a change of the key voids it; nothing
 * here rejects unhandled, even if no caller waits.
 */
export class SingleFlight {
  readonly #options: SingleFlightOptions;
  readonly #bulkhead: Bulkhead;
  readonly #backoff = new LoadBackoff();
  readonly #flights = new FlightTable();
  readonly #aborts = new AbortListeners();
  readonly #task: LoadTask;
  /** Absent: no hit is audited, and no lifetime is learned. */
  readonly audits: Audits | undefined;
  /** Loads that no caller waits for. */
  readonly background: BackgroundLoads;

  constructor(options: SingleFlightOptions) {
    const { store, observer, clock, turns, config, limit } = options;
    const { name, leaseWaitMs, ttlJitter, maxQueuedLoads, share } = config;
    this.#options = options;
    this.#bulkhead = new Bulkhead({ clock, limit, maxQueued: maxQueuedLoads });
    const claims = new KeyClaims({ store, clock, turns, leaseWaitMs, observer, share });
    const [bulkhead, backoff] = [this.#bulkhead, this.#backoff];
    const lifetimes = freshnessOf(config.freshness, clock);
    const own = { bulkhead, backoff, claims, lifetimes };
    this.#task = new LoadTask({ ...own, name, clock, turns, observer, ttlJitter, share });
    const [flights, task] = [this.#flights, this.#task];
    this.background = new BackgroundLoads({ store, clock, backoff, bulkhead, flights, task });
    this.audits = auditsOf(lifetimes, { store, background: this.background });
  }

  /** From now on changes of keys void their flights. */
  start(): void {
    this.#options.store.onChange((change) => this.#onChange(change));
  }

  get isClosed(): boolean {
    return this.#task.isClosed;
  }

  /** Loads that run and wait at present, and how many may run. */
  get load(): BulkheadLoad & { readonly limit: number } {
    return this.#bulkhead.load;
  }

  /**
   * The value for a caller that found none, or (`found`) a stale one. Rejects with the loader's error, the
   * reason of the caller's signal, or a CacheHealthError: `ERR_CACHE_LOADER_TIMEOUT`,
   * `ERR_CACHE_LOADER_CYCLE`, `ERR_CACHE_OVERLOADED`, `ERR_CACHE_CLOSED`, `ERR_CACHE_VALUE`.
   */
  async answer(request: LoadRequest, found: Found | undefined): Promise<Answer> {
    const { key, loader, config } = request;
    request.signal?.throwIfAborted();
    const stale = found && staleValueOf(this.#options, key, found);
    if (stale !== undefined && this.#mustWait(key)) return stale.value.take();
    const source = new OneKeySource(loader, config, this.#options.store);
    for (;;) {
      const flight = this.#flights.find(key);
      const since = this.#options.store.tagMoment();
      const seat = flight ?? this.#flights.beginOne(request, since, stale?.value);
      seat.group.join();
      const boarded = { seats: [{ flight: seat, stale, cameAt: since.position }], source };
      const begun = flight === undefined ? [seat] : NONE;
      const [outcome] = await this.#fly(request, { ...boarded, begun });
      if (outcome?.kind === 'value') return outcome.value.take();
    }
  }

  /**
   * The values for a caller that found none, or stale ones, for these keys. A key that the loader did not
   * return is absent from the result. Rejects as `answer` does, with the first failure.
   */
  async answerMany(
    request: LoadManyRequest,
    missing: ReadonlyMap<string, Found | undefined>,
  ): Promise<ReadonlyMap<string, Answer>> {
    const { loader, config } = request;
    request.signal?.throwIfAborted();
    const source = new ManyKeysSource(loader, config, this.#options);
    const answers = new Map<string, Answer>();
    let wanted = await this.#wantedOf(missing, answers);
    while (wanted.length > 0) {
      const boarded = await this.#board(source, request, wanted);
      const outcomes = await this.#fly(request, boarded);
      wanted = await this.#take(boarded, outcomes, answers);
    }
    return answers;
  }

  /** A fresh value was read. Refreshes it in the background if it expires soon, and audits it now and then. */
  hit(request: LoadRequest, entry: string): void {
    if (request.config.refreshAhead > 0) this.background.refreshEarly(request, entry);
    this.audits?.hit(request, entry);
  }

  /**
   * Ends every load that runs or waits: its signal is aborted, and its callers get `ERR_CACHE_CLOSED` unless
   * there is a stale value. Loads that begin afterwards run as without Redis.
   */
  close(): void {
    this.#task.close();
    this.#flights.endAll(closedError());
  }

  /** The keys to load. A stale value whose last load failed a moment ago serves until the next try. */
  async #wantedOf(
    missing: ReadonlyMap<string, Found | undefined>,
    answers: Map<string, Answer>,
  ): Promise<readonly Wanted[]> {
    const wanted: Wanted[] = [];
    await this.#options.turns.forEach(missing, ([key, found]) => {
      const stale = found && staleValueOf(this.#options, key, found);
      if (stale !== undefined && this.#mustWait(key)) answers.set(key, stale.value.take());
      else wanted.push({ key, stale });
    });
    return wanted;
  }

  /** Joins the flights of keys that are being loaded, and begins those of the other keys in one group. */
  async #board(
    source: LoaderSource,
    request: LoadManyRequest,
    wanted: readonly Wanted[],
  ): Promise<Boarded> {
    const since = this.#options.store.tagMoment();
    const group = this.#flights.newGroup(request, { since });
    const seats: Seat[] = [];
    const begun: Flight[] = [];
    await this.#options.turns.forEach(wanted, ({ key, stale }) => {
      let flight = this.#flights.find(key);
      if (flight === undefined) {
        flight = this.#flights.begin(key, group, stale?.value);
        begun.push(flight);
      }
      flight.group.join();
      seats.push({ flight, stale, cameAt: since.position });
    });
    return { seats, begun, source };
  }

  /**
   * Loads the new flights, and waits for all seats. It runs synchronously up to the wait, so that the next
   * loader sees what this one waits for.
   */
  #fly(caller: Caller, { seats, begun, source }: Boarded): Promise<readonly SeatOutcome[]> {
    const { store, config, signal } = caller;
    const { clock, observer, config: own } = this.#options;
    const shared = seats.length - begun.length;
    if (shared > 0) refuseCycle(seats, begun);
    if (shared > 0) observer.coalesced('flight', shared);
    const group = begun[0]?.group;
    if (group !== undefined) {
      if (this.isClosed && caller.isAfterClose !== true) group.end(closedError());
      else void this.#task.load({ group, flights: begun, source, store, config });
    }
    const patience = { clock, softTimeoutMs: config.softTimeoutMs, signal, aborts: this.#aborts };
    const wait = (): Promise<readonly SeatOutcome[]> => awaitFlights(seats, patience);
    return shared > 0 ? tracedWait(own.name, seats, wait) : wait();
  }

  /** Takes the values. Returns the keys that the caller's own loader must load. */
  async #take(
    { seats, source }: Boarded,
    outcomes: readonly SeatOutcome[],
    answers: Map<string, Answer>,
  ): Promise<readonly Wanted[]> {
    const again: Wanted[] = [];
    await this.#options.turns.forEach(outcomes, (outcome, i) => {
      const { flight, stale } = seats[i] as Seat;
      const { key, group } = flight;
      if (outcome.kind === 'value') answers.set(key, outcome.value.take());
      else if (outcome.kind === 'elsewhere' || group.loader !== source.loader)
        again.push({ key, stale });
    });
    return again;
  }

  #mustWait(key: string): boolean {
    return this.#backoff.mustWait(key, this.#options.clock.now());
  }

  #onChange(change: KeyChange): void {
    this.#flights.invalidate(change);
    this.#backoff.changed(change);
    this.audits?.freshness.changed(change);
  }
}
