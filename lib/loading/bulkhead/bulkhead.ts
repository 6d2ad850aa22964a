import type { Clock } from '../../core/time/clock.js';
import { type BulkheadLoad, CacheOverloadedError } from './overloaded-error.js';
import { Place, type PlaceKeeper } from './place.js';

export interface BulkheadOptions {
  readonly clock: Clock;
  /** How many loads may run at once. Called each time, because it depends on the mode of the cache. */
  readonly limit: () => number;
  /** How many loads may wait for a place. */
  readonly maxQueued: number;
}

/**
 * Lets at most `limit()` loads run at once. The others wait, first come first served.
 *
 * A load that only waits for another load does not use the database. So **a loader that waits for a load lends
 * its place to it**, whether it began that load or joined it, and the load does the same in turn, at any depth.
 * A place is lent to one load at a time: of several loads that one loader waits for, the first runs in its
 * place, and the others need places of their own or get it one after the other. So a load that a loader waits
 * for is never refused, and always runs in the end: no loader waits in a circle (see flight/cycle.ts), so among
 * the loads that a loader waits for one is always running.
 *
 * Invariant: `running` is the number of places that are not borrowed. It exceeds the limit only while the limit
 * has just become lower, or a loader went on although the load in its place had not ended.
 */
export class Bulkhead implements PlaceKeeper {
  readonly #options: BulkheadOptions;
  /** Loads that no loader waits for. */
  readonly #queue = new Set<Place>();
  /** Loads that a loader waits for. They come first: they let others end. */
  readonly #nested = new Set<Place>();
  #running = 0;

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get load(): BulkheadLoad & { readonly limit: number } {
    const queued = this.#queue.size + this.#nested.size;
    return { running: this.#running, queued, limit: this.#options.limit() };
  }

  /**
   * Returns a place for a load, now or in turn. `lenders`: places of loaders that wait for it.
   *
   * @throws CacheOverloadedError when too many wait.
   */
  enter(lenders: Iterable<Place>): Place {
    const place = new Place(this);
    for (const lender of lenders) place.offer(lender);
    if (place.isRunning) return place;
    if (this.#running < this.#options.limit()) {
      this.#running++;
      place.start(undefined);
    } else {
      if (!place.isNested && this.#queue.size >= this.#options.maxQueued)
        throw new CacheOverloadedError(this.load);
      this.enqueue(place);
    }
    return place;
  }

  enqueue(place: Place): void {
    this.dequeue(place);
    (place.isNested ? this.#nested : this.#queue).add(place);
  }

  dequeue(place: Place): void {
    this.#queue.delete(place);
    this.#nested.delete(place);
  }

  occupy(): void {
    this.#running++;
  }

  /** Gives the free place to the first load that waits, if the limit allows. */
  vacate(): void {
    this.#running--;
    while (this.#running < this.#options.limit()) {
      const next = first(this.#nested) ?? first(this.#queue);
      if (next === undefined) return;
      this.#running++;
      next.start(undefined);
    }
  }
}

function first(queue: ReadonlySet<Place>): Place | undefined {
  for (const place of queue) return place;
  return undefined;
}
