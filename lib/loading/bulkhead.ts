import type { Clock, Timer } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import { CacheHealthError } from '../core/errors.js';

/** A load that found no place in the queue, or none in time, may be tried again after this long. */
const RETRY_AFTER_SECONDS = 1;
const LONGEST_QUEUEING_MS = 5_000;

/**
 * The database is protected from this load. Express' default error handling answers with `statusCode`;
 * set the header `Retry-After` from `retryAfter` (seconds).
 */
export class CacheOverloadedError extends CacheHealthError {
  readonly statusCode = 503;
  readonly status = 503;
  readonly retryAfter: number = RETRY_AFTER_SECONDS;
  /** Express' own error handler copies these onto the response. */
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': `${RETRY_AFTER_SECONDS}` };

  constructor(running: number, queued: number, waitedMs = 0) {
    const why =
      waitedMs > 0
        ? `it waited ${formatDuration(waitedMs)} for its turn behind ${loads(running)}`
        : `${running} loads are running and ${queued} wait, which is the most this cache sends to the database at once`;
    super(
      'ERR_CACHE_OVERLOADED',
      `Not loaded: ${why}. Answer 503 with Retry-After, or raise maxConcurrentLoads or maxQueuedLoads.`,
    );
  }
}

const loads = (count: number): string => (count === 1 ? 'another load' : `${count} other loads`);

interface Waiting {
  readonly start: () => void;
  readonly timer: Timer;
}

/**
 * At most `limit()` tasks at once, the others in a queue of at most `maxQueued`, first come first
 * served. The limit is asked anew each time: it depends on the mode of the cache.
 */
export class Bulkhead {
  readonly #clock: Clock;
  readonly #limit: () => number;
  readonly #maxQueued: number;
  readonly #queue: Waiting[] = [];
  #running = 0;

  constructor(clock: Clock, limit: () => number, maxQueued: number) {
    this.#clock = clock;
    this.#limit = limit;
    this.#maxQueued = maxQueued;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Runs the task at once or in turn. Rejects with `CacheOverloadedError` when there is no place, or none in time. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#limit()) {
      this.#running++;
      return;
    }
    if (this.#queue.length >= this.#maxQueued) throw this.#overloaded();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(this.#overloaded(LONGEST_QUEUEING_MS));
      };
      const timer = this.#clock.setTimer(giveUp, LONGEST_QUEUEING_MS, { ref: true });
      const waiting: Waiting = { start: resolve, timer };
      this.#queue.push(waiting);
    });
  }

  /** Gives the place up, to the first in the queue if the limit allows. */
  #leave(): void {
    this.#running--;
    while (this.#queue.length > 0 && this.#running < this.#limit()) {
      const next = this.#queue.shift();
      next?.timer.cancel();
      this.#running++;
      next?.start();
    }
  }

  #overloaded(waitedMs?: number): CacheOverloadedError {
    return new CacheOverloadedError(this.#running, this.#queue.length, waitedMs);
  }
}
