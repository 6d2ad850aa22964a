import type { Clock } from '../../core/clock.js';
import { LagAwareTimer } from '../../core/lag-aware-timer.js';

/** A command on its way: settled once, by its reply or by its deadline. */
export interface Pending {
  readonly sentAt: number;
  isSettled: boolean;
  /** Called when Redis hesitates; the command goes on. */
  readonly onHesitation?: (() => void) | undefined;
  /** Called when the deadline passes first. */
  expire(): void;
}

const MAX_POSTPONEMENTS = 5;

/** The places of settled commands are given back when so many are empty. */
const COMPACT_EVERY = 1_024;

/**
 * One deadline for many commands at the cost of one timer.
 *
 * Invariants: commands have the same time-out, so the oldest expires first and the queue is in order;
 * the timer runs only while something is pending; a settled command at the head is let go at once, with
 * its reply, which the garbage collector would otherwise copy again and again. Before a command is
 * declared late the event loop reads its sockets, so that a busy process does not mistake itself for a
 * hung Redis.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Told how many commands expired together. */
  readonly #onExpired: (count: number) => void;
  readonly #timer: LagAwareTimer;
  #queue: (Pending | undefined)[] = [];
  #head = 0;

  /** `isAwaited`: somebody waits for the answers, so the process must live until they are there. */
  constructor(
    clock: Clock,
    timeoutMs: number,
    isAwaited: boolean,
    onExpired: (count: number) => void,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
    this.#timer = new LagAwareTimer({
      clock,
      maxPostponements: MAX_POSTPONEMENTS,
      waitsFor: () => this.oldest(),
      isAwaited,
      onDue: () => this.#sweep(),
    });
  }

  /** Every unsettled command. */
  get waiting(): readonly Pending[] {
    return this.#queue.filter((pending) => pending?.isSettled === false) as Pending[];
  }

  add(pending: Pending): void {
    this.#queue.push(pending);
    if (!this.#timer.isRunning) this.#timer.start(this.#timeoutMs);
  }

  /** A command was settled. Redis answers in order, so it is usually the oldest: this costs next to nothing. */
  settled(): void {
    this.oldest();
  }

  /** Takes every unsettled command out and stops the timer. */
  drain(): readonly Pending[] {
    this.#timer.cancel();
    const rest = this.waiting;
    this.#queue = [];
    this.#head = 0;
    return rest;
  }

  #sweep(): void {
    const now = this.#clock.now();
    let expired = 0;
    let oldest = this.oldest();
    while (oldest !== undefined && now - oldest.sentAt >= this.#timeoutMs) {
      oldest.expire();
      expired++;
      oldest = this.oldest();
    }
    if (oldest !== undefined) this.#timer.start(Math.max(1, oldest.sentAt + this.#timeoutMs - now));
    if (expired > 0) this.#onExpired(expired);
  }

  /** The oldest unsettled command; those settled before it are let go. */
  oldest(): Pending | undefined {
    while (this.#queue[this.#head]?.isSettled === true) this.#queue[this.#head++] = undefined;
    const isEmpty = this.#head === this.#queue.length;
    if (this.#head > 0 && (isEmpty || this.#head >= COMPACT_EVERY)) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }
}
