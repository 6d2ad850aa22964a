import type { Clock, Timer } from '../core/clock.js';

/** A command on its way: settled once, by its reply or by its deadline. */
export interface Pending {
  readonly sentAt: number;
  isSettled: boolean;
  /** Called when the deadline passes first. */
  expire(): void;
}

/** A timer this late means that the event loop was busy: replies may lie unread in the socket. */
const LATE_MS = 5;
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
  readonly #isAwaited: boolean;
  #queue: (Pending | undefined)[] = [];
  #head = 0;
  #timer: Timer | undefined;
  #postponed = 0;
  #postponedFor: Pending | undefined;

  /** `isAwaited`: somebody waits for the answers, so the process must live until they are there. */
  constructor(
    clock: Clock,
    timeoutMs: number,
    isAwaited: boolean,
    onExpired: (count: number) => void,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#isAwaited = isAwaited;
    this.#onExpired = onExpired;
  }

  add(pending: Pending): void {
    this.#queue.push(pending);
    if (this.#timer === undefined) this.#arm(this.#timeoutMs);
  }

  /** A command was settled. Redis answers in order, so it is usually the oldest: this costs next to nothing. */
  settled(): void {
    this.#oldest();
  }

  /** Takes every unsettled command out and stops the timer. */
  drain(): Pending[] {
    this.#timer?.cancel();
    this.#timer = undefined;
    const rest = this.#queue.filter((pending) => pending?.isSettled === false) as Pending[];
    this.#queue = [];
    this.#head = 0;
    return rest;
  }

  #arm(ms: number): void {
    const dueAt = this.#clock.now() + ms;
    this.#timer = this.#clock.setTimer(() => this.#onTimer(dueAt), ms, { ref: this.#isAwaited });
  }

  #onTimer(dueAt: number): void {
    const late = this.#clock.now() - dueAt;
    const oldest = this.#oldest();
    if (oldest !== this.#postponedFor) this.#postponed = 0;
    this.#postponedFor = oldest;
    if (late > LATE_MS && this.#postponed < MAX_POSTPONEMENTS) {
      this.#postponed++;
      // The time the loop was busy is given back: what was sent before it may have been written after it.
      this.#arm(Math.min(late, this.#timeoutMs));
      return;
    }
    this.#clock.afterPoll(() => this.#sweep());
  }

  #sweep(): void {
    if (this.#timer === undefined) return;
    const now = this.#clock.now();
    let expired = 0;
    let oldest = this.#oldest();
    while (oldest !== undefined && now - oldest.sentAt >= this.#timeoutMs) {
      oldest.expire();
      expired++;
      oldest = this.#oldest();
    }
    this.#timer = undefined;
    if (oldest !== undefined) this.#arm(Math.max(1, oldest.sentAt + this.#timeoutMs - now));
    if (expired > 0) this.#onExpired(expired);
  }

  #oldest(): Pending | undefined {
    while (this.#queue[this.#head]?.isSettled === true) this.#queue[this.#head++] = undefined;
    const isEmpty = this.#head === this.#queue.length;
    if (this.#head > 0 && (isEmpty || this.#head >= COMPACT_EVERY)) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }
}
