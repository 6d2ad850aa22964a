import type { Clock } from '../core/time/clock.js';
import { loadMsOf } from '../entry/entry.js';
import { freshUntilMs } from '../entry/freshness.js';
import type { Store } from '../tiers/store.js';
import type { Bulkhead } from './bulkhead/bulkhead.js';
import { isDueEarly } from './early-refresh.js';
import type { FlightOutcome } from './flight/flight.js';
import type { FlightTable } from './flight/flight-table.js';
import { outsideLoaders } from './flight/loader-call.js';
import type { LoadBackoff } from './load-backoff.js';
import type { LoadRequest } from './load-request.js';
import { OneKeySource } from './loader-source.js';
import type { LoadOrder, LoadTask } from './task/load-task.js';

export interface BackgroundParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly backoff: LoadBackoff;
  readonly bulkhead: Bulkhead;
  readonly flights: FlightTable;
  readonly task: LoadTask;
}

/** Loads that no caller waits for: refreshes ahead of expiry, and warming. Callers that come later may join them. */
export class BackgroundLoads {
  readonly #parts: BackgroundParts;

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  /** Whether a load that no caller waits for may run: no load waits for a place, and one place stays free. */
  get hasRoom(): boolean {
    const { running, queued, limit } = this.#parts.bulkhead.load;
    return queued === 0 && running < Math.max(1, limit - 1);
  }

  refreshEarly(request: LoadRequest, entry: string): void {
    const { key, config } = request;
    const { store, clock, backoff, flights, task } = this.#parts;
    if (flights.find(key) !== undefined || backoff.mustWait(key, clock.now())) return;
    const leftMs = freshUntilMs(entry) - store.timeOf(key);
    const value = { leftMs, loadMs: loadMsOf(entry), beta: config.refreshAhead };
    if (!isDueEarly(value, 1 - Math.random())) return;
    const order = this.#begin(request, 'kept');
    outsideLoaders(() => task.refresh(order));
  }

  /**
   * Loads a key unless it has a fresh value, or is being loaded here or by another process. Never rejects: the
   * outcome is `elsewhere` if nothing was loaded, also if the loader failed.
   */
  async warm(request: LoadRequest): Promise<FlightOutcome> {
    if (this.#parts.flights.find(request.key) !== undefined) return { kind: 'elsewhere' };
    const order = this.#begin(request, 'warming');
    await outsideLoaders(() => this.#parts.task.warm(order));
    return order.flights[0]?.outcome ?? { kind: 'elsewhere' };
  }

  /**
   * Loads a key again whose value is fresh, and stores it. Returns whether it is still the value in `entry`;
   * `undefined`: nothing was loaded, or the key was changed in that time. Never rejects.
   */
  async reload(request: LoadRequest, entry: string): Promise<boolean | undefined> {
    if (this.#parts.flights.find(request.key) !== undefined) return undefined;
    const order = this.#begin(request, 'warming');
    await outsideLoaders(() => this.#parts.task.refresh(order));
    const [flight] = order.flights;
    const outcome = flight?.isVoid === false ? flight.outcome : undefined;
    return outcome?.kind === 'value' ? outcome.value.isIn(entry) : undefined;
  }

  #begin(request: LoadRequest, kind: 'kept' | 'warming'): LoadOrder {
    const { key, loader, config } = request;
    const { store, flights } = this.#parts;
    const group = flights.newGroup(request, { since: store.tagMoment(), kind });
    const source = new OneKeySource(loader, config, store);
    return { group, flights: [flights.begin(key, group, undefined)], source, store, config };
  }
}
