import { AbortListeners } from '../core/abort-listeners.js';
import { CacheHealthError } from '../core/errors.js';
import type { Clock } from '../core/time/clock.js';
import type { Turns } from '../core/time/turns.js';
import { loadMsOf } from '../entry/entry.js';
import { freshUntilMs } from '../entry/freshness.js';
import type { Observer } from '../tiers/observer.js';
import type { Found, KeyChange, Store } from '../tiers/store.js';
import { Bulkhead } from './bulkhead/bulkhead.js';
import type { BulkheadLoad } from './bulkhead/overloaded-error.js';
import { isDueEarly } from './early-refresh.js';
import {
  awaitFlights,
  type Patience,
  type Seat,
  type SeatOutcome,
  type StaleValue,
} from './flight/await-flights.js';
import { refuseCycle } from './flight/cycle.js';
import type { Flight } from './flight/flight.js';
import type { FlightGroup } from './flight/flight-group.js';
import { FlightTable } from './flight/flight-table.js';
import { currentCall, outsideLoaders } from './flight/loader-call.js';
import type { Answer } from './flight/shared-value.js';
import { KeyClaims } from './key-claims.js';
import { LoadBackoff } from './load-backoff.js';
import type { LoadManyRequest, LoadRequest } from './load-request.js';
import { LoadTask } from './load-task.js';
import { type LoaderSource, ManyKeysSource, OneKeySource } from './loader-source.js';
import type { LoadingConfig } from './loading-options.js';
import { staleValueOf } from './stale-value.js';

export interface SingleFlightOptions {
  /** The cache's own store, without a request's waiting budget. */
  readonly store: Store;
  readonly observer: Observer;
  readonly clock: Clock;
  /** The cache's: all its long work together lets the event loop turn. */
  readonly turns: Turns;
  readonly config: LoadingConfig;
  /** How many loaders may run at once, at present. */
  readonly limit: () => number;
}

/** A key that a caller wants, and what it has at hand. */
interface Wanted {
  readonly key: string;
  readonly stale: StaleValue | undefined;
}

/** On whose behalf keys are loaded, and how. */
interface Caller extends Omit<LoadManyRequest, 'loader'> {
  readonly source: LoaderSource;
}

/**
 * One load per key: the first caller that finds no value begins it, callers that come while it is under way
 * share it. A key that the loader of a joined flight did not give is loaded by the joiner's own loader.
 *
 * Invariants: a key has one load at most that later callers may join; a change of the key voids it; nothing
 * here rejects unhandled, whether or not somebody waits.
 */
export class SingleFlight {
  readonly #options: SingleFlightOptions;
  readonly #bulkhead: Bulkhead;
  readonly #backoff = new LoadBackoff();
  readonly #flights = new FlightTable();
  readonly #aborts = new AbortListeners();
  readonly #task: LoadTask;

  constructor(options: SingleFlightOptions) {
    const { store, observer, clock, turns, config, limit } = options;
    const { leaseWaitMs, ttlJitter, maxQueuedLoads } = config;
    this.#options = options;
    this.#bulkhead = new Bulkhead({ clock, limit, maxQueued: maxQueuedLoads });
    const claims = new KeyClaims({ store, clock, turns, leaseWaitMs });
    const [bulkhead, backoff] = [this.#bulkhead, this.#backoff];
    this.#task = new LoadTask({
      clock,
      turns,
      observer,
      bulkhead,
      backoff,
      claims,
      ttlJitter,
    });
  }

  /** From now on changes of keys end their flights. */
  start(): void {
    this.#options.store.onChange((change) => this.#onChange(change));
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
    const source = new OneKeySource(loader, config.ttlMs);
    const answers = await this.#answer({ ...request, source }, new Map([[key, found]]));
    return answers.get(key) as Answer;
  }

  /**
   * The values for a caller that found none, or stale ones, for these keys. A key that the loader did not
   * give is absent from the result. Rejects as `answer` does, with the first failure.
   */
  async answerMany(
    request: LoadManyRequest,
    missing: ReadonlyMap<string, Found | undefined>,
  ): Promise<ReadonlyMap<string, Answer>> {
    const { loader, config } = request;
    const source = new ManyKeysSource(loader, config.ttlMs, this.#options.turns);
    return this.#answer({ ...request, source }, missing);
  }

  /** A fresh value was read: refreshes it in the background when it expires soon and nobody else does. */
  refreshEarly(request: LoadRequest, entry: string): void {
    const { key, loader, config } = request;
    const { store, clock } = this.#options;
    if (this.#flights.find(key) !== undefined || this.#backoff.mustWait(key, clock.now())) return;
    const leftMs = freshUntilMs(entry) - store.timeOf(key);
    const value = { leftMs, loadMs: loadMsOf(entry), beta: config.refreshAhead };
    if (!isDueEarly(value, 1 - Math.random())) return;
    const group = this.#flights.newGroup(loader, true);
    const flights = [this.#flights.begin(key, group, undefined)];
    const source = new OneKeySource(loader, config.ttlMs);
    outsideLoaders(() => this.#task.refresh({ group, flights, source, store, config }));
  }

  /**
   * Ends every load that runs or waits: its signal is aborted, and its callers get `ERR_CACHE_CLOSED` unless
   * they have a stale value at hand. Loads that are begun afterwards run as without Redis.
   */
  close(): void {
    this.#task.close();
    this.#flights.endAll(
      new CacheHealthError(
        'ERR_CACHE_CLOSED',
        'The cache was closed while this value was being loaded. Close it after the last request was answered.',
      ),
    );
  }

  async #answer(
    caller: Caller,
    missing: ReadonlyMap<string, Found | undefined>,
  ): Promise<ReadonlyMap<string, Answer>> {
    caller.signal?.throwIfAborted();
    const answers = new Map<string, Answer>();
    let wanted = await this.#wantedOf(missing, answers);
    while (wanted.length > 0) wanted = await this.#round(caller, wanted, answers);
    return answers;
  }

  /** What is to be loaded. A stale value whose last load failed a moment ago serves until the next try. */
  async #wantedOf(
    missing: ReadonlyMap<string, Found | undefined>,
    answers: Map<string, Answer>,
  ): Promise<readonly Wanted[]> {
    const { clock, store, turns } = this.#options;
    const wanted: Wanted[] = [];
    await turns.forEach(missing, ([key, found]) => {
      const stale = found && staleValueOf(store, key, found);
      if (stale !== undefined && this.#backoff.mustWait(key, clock.now()))
        answers.set(key, stale.value.take());
      else wanted.push({ key, stale });
    });
    return wanted;
  }

  /** Waits for all that is wanted. Returns what must be asked for again, by the caller's own loader. */
  async #round(
    caller: Caller,
    wanted: readonly Wanted[],
    answers: Map<string, Answer>,
  ): Promise<readonly Wanted[]> {
    const { source, store, config } = caller;
    const group = this.#flights.newGroup(source.loader);
    const seats = await this.#board(group, wanted);
    const flights = seats.map(({ flight }) => flight).filter((flight) => flight.group === group);
    // Without a pause between: what one loader is about to wait for, the next one must see.
    if (flights.length < seats.length) refuseCycleOf(group, seats);
    if (flights.length > 0) void this.#task.load({ group, flights, source, store, config });
    const outcomes = await awaitFlights(seats, this.#patienceOf(caller));
    const again: Wanted[] = [];
    await this.#options.turns.forEach(outcomes, (outcome, i) => {
      const { flight, stale } = seats[i] as Seat;
      if (outcome.kind === 'value') answers.set(flight.key, outcome.value.take());
      else if (mustAsk(caller, flight, outcome)) again.push({ key: flight.key, stale });
    });
    return again;
  }

  /** Joins the flights that are under way, and begins those of the other keys in the group. */
  async #board(group: FlightGroup, wanted: readonly Wanted[]): Promise<readonly Seat[]> {
    const seats: Seat[] = [];
    await this.#options.turns.forEach(wanted, ({ key, stale }) => {
      const flight = this.#flights.find(key) ?? this.#flights.begin(key, group, stale?.value);
      flight.group.join();
      seats.push({ flight, stale });
    });
    return seats;
  }

  #patienceOf({ config, signal }: Caller): Patience {
    const { clock } = this.#options;
    return { clock, softTimeoutMs: config.softTimeoutMs, signal, aborts: this.#aborts };
  }

  #onChange(change: KeyChange): void {
    this.#flights.invalidate(change);
    if ('key' in change) this.#backoff.reset(change.key);
    else this.#backoff.resetMatching(change.matches);
  }
}

/** A loader that would wait for itself waits for nothing, and what it has just begun is called off. */
function refuseCycleOf(group: FlightGroup, seats: readonly Seat[]): void {
  const call = currentCall();
  if (call === undefined) return;
  const flights = seats.map(({ flight }) => flight);
  try {
    refuseCycle(call, flights);
  } catch (error) {
    group.callOff();
    for (const flight of flights) flight.group.leave();
    throw error;
  }
}

/** Whether the caller's own loader is to be asked for a key that a flight brought no value for. */
function mustAsk(caller: Caller, flight: Flight, outcome: SeatOutcome): boolean {
  return outcome.kind === 'elsewhere' || flight.group.loader !== caller.source.loader;
}
