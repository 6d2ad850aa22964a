import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/clock.js';
import { lagOf } from '../../core/lag.js';
import { LagAwareTimer } from '../../core/lag-aware-timer.js';
import type { Progress } from './socket-meter.js';

/** A command on its way: settled once, by its reply or by its deadline. */
export interface Pending {
  readonly sentAt: number;
  /** How long its answer may take. */
  readonly patienceMs: number;
  deadlineAt: number;
  isSettled: boolean;
  /** Called when the deadline passes first. */
  expire(): void;
}

export interface DeadlineQueueOptions {
  readonly clock: Clock;
  readonly progress: Progress;
  /** Told which commands expired together. */
  readonly onExpired: (expired: readonly Pending[]) => void;
}

/** A process that is short of CPU for long still finds out in the end that Redis hangs. */
const MAX_POSTPONEMENTS = 100;
/** A process that was suspended for an hour does not wait for another hour. */
const LONGEST_POSTPONEMENT_MS = 5_000;

/** Timers of a healthy process are late by less. */
const NORMAL_LAG_MS = 10;
/** Where our own timers were late, Redis may be late by so many times as much. */
const GRACE_PER_LAG = 5;
const LONGEST_GRACE_MS = 5_000;

/** The places of settled commands are given back when so many are empty. */
const COMPACT_EVERY = 1_024;

/**
 * The deadlines of many commands at the cost of one timer.
 *
 * Invariants: Redis answers in order, so no command expires before an older one; the timer runs only while something is pending; a settled command at the head is let go at once,
 * with its reply. Before a command is declared late, the time that the event loop was busy is given back,
 * the sockets are read once more, and a large reply on its way is waited for.
 */
export class DeadlineQueue {
  readonly #options: DeadlineQueueOptions;
  readonly #timer: LagAwareTimer;
  readonly #start = (): void => this.#timer.start(this.#nextMs);
  #nextMs = 0;
  #dueAt = 0;
  #lastReplyAt = 0;
  #queue: (Pending | undefined)[] = [];
  #head = 0;

  constructor(options: DeadlineQueueOptions) {
    this.#options = options;
    this.#timer = new LagAwareTimer({
      clock: options.clock,
      maxPostponements: MAX_POSTPONEMENTS,
      longestPostponementMs: LONGEST_POSTPONEMENT_MS,
      waitsFor: () => this.oldest(),
      isAwaited: true,
      onDue: () => this.#sweep(),
    });
  }

  add(pending: Pending): void {
    this.#queue.push(pending);
    const isInTime = this.#timer.isRunning && this.#dueAt <= pending.deadlineAt;
    if (!isInTime) this.#arm(pending.patienceMs);
  }

  /** Redis answered something. */
  replied(at: number): void {
    this.#lastReplyAt = at;
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

  /** Takes every unsettled command out and stops the timer. */
  drain(): readonly Pending[] {
    this.#timer.cancel();
    const rest = this.#queue.filter((pending) => pending?.isSettled === false) as Pending[];
    this.#queue = [];
    this.#head = 0;
    return rest;
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    const expired: Pending[] = [];
    let oldest = this.oldest();
    const { graceMs } = this;
    while (oldest !== undefined && now >= this.#endOf(oldest) + graceMs) {
      if (this.#options.progress.hasMoved()) {
        oldest.deadlineAt = now + oldest.patienceMs;
        break;
      }
      oldest.expire();
      expired.push(oldest);
      oldest = this.oldest();
    }
    if (oldest !== undefined) this.#arm(Math.max(1, this.#endOf(oldest) + graceMs - now));
    if (expired.length > 0) this.#options.onExpired(expired);
  }

  /** The deadline counts silence: Redis answers in order, and an answer to an earlier command is none. */
  #endOf({ deadlineAt, patienceMs }: Pending): number {
    return Math.max(deadlineAt, this.#lastReplyAt + patienceMs);
  }

  /** A machine that is short of CPU is short of it for Redis, too. */
  get graceMs(): number {
    const lateMs = lagOf(this.#options.clock).recentMs;
    return lateMs < NORMAL_LAG_MS ? 0 : Math.min(LONGEST_GRACE_MS, lateMs * GRACE_PER_LAG);
  }

  /** The timer belongs to the connection, not to the request that happened to send. */
  #arm(ms: number): void {
    this.#nextMs = ms;
    this.#dueAt = this.#options.clock.now() + ms;
    inBackground(this.#start);
  }
}
