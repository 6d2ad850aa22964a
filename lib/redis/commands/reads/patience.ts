import { inBackground } from '../../../core/background.js';
import type { Clock, Timer } from '../../../core/time/clock.js';
import { Fifo } from '../flow/fifo.js';

/** Callers of one moment who wait together. */
export interface Waiting {
  /** The process' idle time when they began to wait. */
  readonly idleAt: number;
  /** Nobody of them waits any more. */
  readonly isOver: boolean;
  /** Their command was sent: its own deadline ends at the same time, and tells more. */
  readonly isSent: boolean;
}

/** How much longer than the deadline of their command callers wait for it. */
const AFTER_DEADLINE_MS = 2;

/** A large reply that is on its way is waited for, and looked at so often. */
const LOOK_MS = 25;

/** As long as it comes at 10 MB/s, with which the deadlines of commands reckon, too. */
const ARRIVING_BYTES = LOOK_MS * 10_000;

/** No value of ours is as large: a server that never stops sending is not waited for. */
const LARGEST_BYTES = 64 * 1_024 * 1_024;

export interface PatienceOptions<T> {
  readonly clock: Clock;
  readonly patienceMs: number;
  /** Bytes received since the last reply. */
  readonly arrived: () => number;
  readonly giveUp: (waiting: T) => void;
}

/**
 * Ends the waiting of callers for whom it took too long. Only time in which the process had nothing to do
 * counts: a process that computes does not wait for Redis, and a large value that arrives is waited for. One
 * timer serves all.
 */
export class Patience<T extends Waiting> {
  readonly #options: PatienceOptions<T>;
  readonly #waiting = new Fifo<T>();
  readonly #start = (): void => this.#schedule(this.#options.patienceMs);
  readonly #onTimer = (): void => this.#options.clock.afterPoll(this.#check);
  readonly #check = (): void => this.#endOverdue();
  #timer: Timer | undefined;
  /** What had arrived at the last look. */
  #arrived = 0;

  constructor(options: PatienceOptions<T>) {
    this.#options = options;
  }

  add(waiting: T): void {
    this.#waiting.add(waiting);
    if (this.#timer === undefined) inBackground(this.#start);
  }

  /** Somebody's waiting is over. Those at the head are let go at once, or the garbage collector copies them again and again. */
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
    // Less than before: a reply was whole, and this is the next one.
    const more = arrived < before ? arrived : arrived - before;
    return more >= ARRIVING_BYTES && arrived <= LARGEST_BYTES;
  }

  #patienceOf(waiting: T): number {
    const { patienceMs } = this.#options;
    return waiting.isSent ? patienceMs + AFTER_DEADLINE_MS : patienceMs;
  }

  #first(): T | undefined {
    while (this.#waiting.first?.isOver === true) this.#waiting.take();
    return this.#waiting.first;
  }
}
