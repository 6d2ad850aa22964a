import { inBackground } from '../../../core/background.js';
import { Fifo } from '../../../core/fifo.js';
import type { Clock, Timer } from '../../../core/time/clock.js';

/** Callers that began to wait at the same moment. */
export interface Waiting {
  /** The process' idle time when they began to wait. */
  readonly idleAt: number;
  /** None of them waits any more. */
  readonly isOver: boolean;
  /** Their command was sent. Its own deadline ends at the same time and says more about Redis. */
  readonly isSent: boolean;
}

/** How much longer callers wait than the deadline of their command. */
const AFTER_DEADLINE_MS = 2;

/** We wait for a large reply in flight, and look at it after each pause of this length. */
const LOOK_MS = 25;

/** The reply must arrive at 10 MB/s, the speed by which the deadlines of commands grow. */
const ARRIVING_BYTES = LOOK_MS * 10_000;

/** No value of ours is this large. We do not wait for a server that never stops sending. */
const LARGEST_BYTES = 64 * 1_024 * 1_024;

export interface PatienceOptions<T> {
  readonly clock: Clock;
  /** At present. */
  readonly patienceMs: () => number;
  /** Bytes received since the last reply. */
  readonly arrived: () => number;
  readonly giveUp: (waiting: T) => void;
}

/**
 * Ends the wait of callers that have waited for `patienceMs()`. Only time in which the process was idle counts,
 * because a process that computes does not wait for Redis. A large value in flight may finish arriving. One
 * timer serves all.
 */
export class Patience<T extends Waiting> {
  readonly #options: PatienceOptions<T>;
  readonly #waiting = new Fifo<T>();
  readonly #start = (): void => this.#schedule(this.#options.patienceMs());
  readonly #onTimer = (): void => this.#options.clock.afterPoll(this.#check);
  readonly #check = (): void => this.#endOverdue();
  #timer: Timer | undefined;
  /** The bytes that had arrived at the last look. */
  #arrived = 0;

  constructor(options: PatienceOptions<T>) {
    this.#options = options;
  }

  add(waiting: T): void {
    this.#waiting.push(waiting);
    if (this.#timer === undefined) inBackground(this.#start);
  }

  /**
   * A wait is over. We drop finished waits at the head at once; otherwise the garbage collector would copy them
   * again and again.
   */
  settled(): void {
    this.#first();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(ms: number): void {
    this.#timer = this.#options.clock.setTimer(this.#onTimer, ms);
  }

  #endOverdue(): void {
    if (this.#timer === undefined) return;
    this.#timer = undefined;
    const idle = this.#options.clock.idleTime();
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const leftMs = this.#leftOf(first, idle);
      if (leftMs > 0) {
        this.#schedule(leftMs);
        return;
      }
      this.#waiting.take();
      this.#options.giveUp(first);
    }
  }

  #leftOf(waiting: T, idle: number): number {
    const leftMs = waiting.idleAt + this.#patienceOf(waiting) - idle;
    if (leftMs <= 0) return waiting.isSent && this.#isArriving() ? LOOK_MS : 0;
    this.#arrived = 0;
    return Math.max(1, leftMs);
  }

  #isArriving(): boolean {
    const before = this.#arrived;
    const arrived = this.#options.arrived();
    this.#arrived = arrived;
    // If there are fewer than before, that reply was complete and this is the next one.
    const more = arrived < before ? arrived : arrived - before;
    return more >= ARRIVING_BYTES && arrived <= LARGEST_BYTES;
  }

  #patienceOf(waiting: T): number {
    const patienceMs = this.#options.patienceMs();
    return waiting.isSent ? patienceMs + AFTER_DEADLINE_MS : patienceMs;
  }

  #first(): T | undefined {
    while (this.#waiting.peek()?.isOver === true) this.#waiting.take();
    return this.#waiting.peek();
  }
}
