import type { Clock, Timer } from '../../core/time/clock.js';
import { type BulkheadLoad, CacheOverloadedError } from './overloaded-error.js';

const LONGEST_QUEUEING_MS = 5_000;

/** The bulkhead, as its places see it. */
export interface PlaceKeeper {
  readonly clock: Clock;
  readonly load: BulkheadLoad;
  /** The place waits, or now waits in another queue. */
  enqueue(place: Place): void;
  /** The place waits no longer. */
  dequeue(place: Place): void;
  /** A borrowed place counts for itself from now on. */
  occupy(): void;
  /** A place is free. */
  vacate(): void;
}

interface Admission {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * One load's place in the bulkhead: waiting, running (for itself or in a place that it borrowed), or over.
 *
 * Invariants: a place is lent to one load at a time; it goes back when its borrower ends, and then to the next
 * load that its owner waits for; if the owner stops waiting before that, each counts for itself.
 */
export class Place {
  readonly #bulkhead: PlaceKeeper;
  #state: 'waiting' | 'running' | 'over' = 'waiting';
  /** The place in which this one runs. */
  #lender: Place | undefined;
  /** The place that runs in this one. */
  #borrower: Place | undefined;
  /** Places of loaders that wait for this load, and how often each does. */
  readonly #offers = new Map<Place, number>();
  /** Loads without a place that this one's loader waits for. */
  readonly #wanted = new Set<Place>();
  #admission: Admission | undefined;
  #timer: Timer | undefined;

  constructor(bulkhead: PlaceKeeper) {
    this.#bulkhead = bulkhead;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Whether a loader waits for this load. */
  get isNested(): boolean {
    return this.#offers.size > 0;
  }

  /** Resolves when the load may run. Rejects when it is refused, or with the reason given to `leave`. */
  admitted(): Promise<void> {
    if (this.#state === 'running') return Promise.resolve();
    this.#admission ??= newAdmission();
    this.#watch();
    return this.#admission.promise;
  }

  /** A loader begins to wait for this load, which may run in that loader's place. */
  offer(lender: Place): void {
    if (!lender.isRunning) return;
    this.#offers.set(lender, (this.#offers.get(lender) ?? 0) + 1);
    if (this.#state !== 'waiting') return;
    if (lender.#canLend) {
      this.start(lender);
      return;
    }
    lender.#wanted.add(this);
    this.#bulkhead.enqueue(this);
  }

  /** The loader does not wait for it any longer. */
  withdraw(lender: Place): void {
    const count = (this.#offers.get(lender) ?? 0) - 1;
    if (count > 0) {
      this.#offers.set(lender, count);
      return;
    }
    this.#offers.delete(lender);
    lender.#wanted.delete(this);
    if (this.#lender === lender) this.#part(lender);
    else if (this.#state === 'waiting' && !this.isNested) this.#bulkhead.enqueue(this);
  }

  /** Begins to run, in the lender's place or (`undefined`) in one of its own. */
  start(lender: Place | undefined): void {
    this.#state = 'running';
    this.#lender = lender;
    if (lender !== undefined) lender.#borrower = this;
    this.#stopWaiting();
    this.#admission?.resolve();
  }

  /** The load has ended, or (`reason`) is not wanted any more. */
  leave(reason?: unknown): void {
    if (this.#state === 'over') return;
    const wasRunning = this.#state === 'running';
    this.#state = 'over';
    this.#stopWaiting();
    this.#admission?.reject(reason);
    for (const wanted of this.#wanted) wanted.#dropOffer(this);
    this.#wanted.clear();
    if (wasRunning) this.#giveBack();
  }

  #giveBack(): void {
    const [lender, borrower] = [this.#lender, this.#borrower];
    this.#lender = undefined;
    this.#borrower = undefined;
    if (borrower !== undefined) {
      // Its loader did not wait until the load in its place ended. That load now counts for itself.
      borrower.#lender = undefined;
      if (lender !== undefined) this.#bulkhead.occupy();
    }
    if (lender !== undefined) lender.#takeBack();
    else if (borrower === undefined) this.#bulkhead.vacate();
  }

  get #canLend(): boolean {
    return this.#state === 'running' && this.#borrower === undefined;
  }

  #part(lender: Place): void {
    this.#lender = undefined;
    this.#bulkhead.occupy();
    lender.#takeBack();
  }

  #takeBack(): void {
    this.#borrower = undefined;
    const [next] = this.#wanted;
    next?.start(this);
  }

  #dropOffer(lender: Place): void {
    this.#offers.delete(lender);
    if (!this.isNested) this.#bulkhead.enqueue(this);
  }

  #stopWaiting(): void {
    this.#bulkhead.dequeue(this);
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const lender of this.#offers.keys()) lender.#wanted.delete(this);
  }

  /**
   * A load that waits in the queue is refused after a time. Loads that a loader waits for wait as long as it
   * does.
   */
  #watch(): void {
    this.#timer?.cancel();
    const giveUp = (): void => {
      if (this.isNested) this.#watch();
      else this.leave(new CacheOverloadedError(this.#bulkhead.load, LONGEST_QUEUEING_MS));
    };
    this.#timer = this.#bulkhead.clock.setTimer(giveUp, LONGEST_QUEUEING_MS, { ref: true });
  }
}

function newAdmission(): Admission {
  let [resolve, reject]: [() => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<void>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}
