import { inBackground } from '../../core/background.js';
import type { Clock, Timer } from '../../core/clock.js';
import type { Progress } from './socket-meter.js';
import { WaitingTime } from './waiting-time.js';

/** A command on its way: settled once, by its reply or by its deadline. */
export interface Pending {
  /** How long its answer may take. */
  readonly patienceMs: number;
  /** Set by the queue. */
  deadlineAt: number;
  isSettled: boolean;
  /** A reply has come, in time or late. */
  isAnswered: boolean;
  /** Called when the deadline passes first. */
  expire(): void;
}

export interface DeadlineQueueOptions {
  readonly clock: Clock;
  /** What most commands have; none has less. */
  readonly commandTimeoutMs: number;
  readonly progress: Progress;
  /** Told which commands expired together. */
  readonly onExpired: (expired: readonly Pending[]) => void;
  /** One command stayed without an answer for three deadlines, and nothing else told that Redis hangs. */
  readonly onSilent: () => void;
}

/** A lone command is given so many deadlines in all. */
const DEADLINES = 3;

/** The places of settled commands are given back when so many are empty. */
const COMPACT_EVERY = 1_024;

/**
 * The deadlines of many commands at the cost of one timer.
 *
 * Invariants: Redis answers in order, so no command expires before an older one; the timer runs only while
 * something is pending; a settled command at the head is let go at once, with its reply. Time in which our
 * own timers are late hardly counts. Before a command is declared late the sockets are read once more, and
 * a large reply on its way is waited for.
 */
export class DeadlineQueue {
  readonly #options: DeadlineQueueOptions;
  readonly #time: WaitingTime;
  readonly #arm = (): void => this.#schedule();
  #timer: Timer | undefined;
  #queue: (Pending | undefined)[] = [];
  #head = 0;
  /** Expired and still without an answer. */
  #overdue: Pending | undefined;
  #silentAt = 0;

  constructor(options: DeadlineQueueOptions) {
    this.#options = options;
    this.#time = new WaitingTime(options.clock, options.commandTimeoutMs);
  }

  add(pending: Pending): void {
    pending.deadlineAt = this.#time.now() + pending.patienceMs;
    this.#queue.push(pending);
    // The timer belongs to the connection, not to the request that happened to send.
    if (this.#timer === undefined) inBackground(this.#arm);
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
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#overdue = undefined;
    const rest = this.#queue.filter((pending) => pending?.isSettled === false) as Pending[];
    this.#queue = [];
    this.#head = 0;
    return rest;
  }

  #schedule(): void {
    const oldest = this.oldest();
    const dueAt = Math.min(oldest?.deadlineAt ?? Number.POSITIVE_INFINITY, this.#nextSilence());
    if (dueAt === Number.POSITIVE_INFINITY) {
      this.#time.stop();
      this.#timer = undefined;
      return;
    }
    // The process must live until those who wait have their answer.
    const ref = oldest !== undefined;
    const ms = this.#time.beginStep(dueAt);
    const timer = this.#options.clock.setTimer(() => this.#onTimer(timer, dueAt), ms, { ref });
    this.#timer = timer;
  }

  #onTimer(timer: Timer, dueAt: number): void {
    if (this.#time.endStep() < dueAt) this.#schedule();
    else {
      this.#options.clock.afterPoll(() => {
        if (this.#timer === timer) this.#sweep();
      });
    }
  }

  #sweep(): void {
    const now = this.#time.now();
    const expired: Pending[] = [];
    let oldest = this.oldest();
    while (oldest !== undefined && now >= oldest.deadlineAt) {
      if (this.#options.progress.hasMoved()) {
        oldest.deadlineAt = now + oldest.patienceMs;
        break;
      }
      oldest.expire();
      expired.push(oldest);
      oldest = this.oldest();
    }
    const last = expired.at(-1);
    if (last !== undefined) this.#watch(last, now);
    const isSilent = now >= this.#nextSilence() && !this.#options.progress.hasMoved();
    this.#schedule();
    if (last !== undefined) this.#options.onExpired(expired);
    if (isSilent) this.#options.onSilent();
  }

  /** When the overdue command has been silent for too long. */
  #nextSilence(): number {
    if (this.#overdue?.isAnswered !== false) return Number.POSITIVE_INFINITY;
    return this.#silentAt;
  }

  #watch(pending: Pending, now: number): void {
    if (this.#overdue?.isAnswered === false) return;
    this.#overdue = pending;
    this.#silentAt = now + pending.patienceMs * (DEADLINES - 1);
  }
}
