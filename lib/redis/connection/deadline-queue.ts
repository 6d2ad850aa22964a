import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';
import { graceMs } from './hang-detector.js';
import type { Progress } from './socket-meter.js';

/** A command in flight. Its reply or its deadline settles it, once. */
export interface Pending {
  readonly sentAt: number;
  /** How long its answer may take. */
  readonly patienceMs: number;
  readonly deadlineAt: number;
  isSettled: boolean;
  /** Called when the deadline passes first. */
  expire(): void;
}

export interface DeadlineQueueOptions<P extends Pending> {
  readonly clock: Clock;
  readonly progress: Progress;
  /** Gets the commands that expired together. */
  readonly onExpired: (expired: readonly P[]) => void;
}

/** A process that is short of CPU for a long time still notices in the end that Redis hangs. */
const MAX_POSTPONEMENTS = 100;
/** A process that was suspended for an hour does not wait another hour. */
const LONGEST_POSTPONEMENT_MS = 5_000;

/** The array is compacted when this many places at its front are empty. */
const COMPACT_EVERY = 1_024;

/**
 * The deadlines of many commands at the cost of one timer.
 *
 * Invariants: Redis answers in order, so no command expires before an older one; the timer runs only while
 * something is pending; a settled command at the head is dropped at once, with its reply. Before a command
 * counts as late, it gets back the time in which the event loop was busy, the sockets are read once more, and a
 * large reply may finish arriving.
 */
export class DeadlineQueue<P extends Pending = Pending> {
  readonly #options: DeadlineQueueOptions<P>;
  readonly #timer: LagAwareTimer;
  readonly #start = (): void => this.#timer.start(this.#nextMs);
  #nextMs = 0;
  #dueAt = 0;
  #lastReplyAt = 0;
  #movedAt = 0;
  #queue: (P | undefined)[] = [];
  #head = 0;

  constructor(options: DeadlineQueueOptions<P>) {
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

  add(pending: P): void {
    this.#queue.push(pending);
    const isInTime = this.#timer.isRunning && this.#dueAt <= pending.deadlineAt;
    if (!isInTime) this.#arm(pending.patienceMs);
  }

  /** Redis answered something. */
  replied(at: number): void {
    this.#lastReplyAt = at;
  }

  /**
   * Until when an answer is in time. A command that was sent before a large reply moved has to wait for that
   * reply.
   */
  dueAt({ sentAt, deadlineAt, patienceMs }: Pending): number {
    return sentAt < this.#movedAt ? Math.max(deadlineAt, this.#movedAt + patienceMs) : deadlineAt;
  }

  /** The oldest unsettled command. Drops the settled ones before it. */
  oldest(): P | undefined {
    while (this.#queue[this.#head]?.isSettled === true) this.#queue[this.#head++] = undefined;
    const isEmpty = this.#head === this.#queue.length;
    if (this.#head > 0 && (isEmpty || this.#head >= COMPACT_EVERY)) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }

  /** Takes every unsettled command out and stops the timer. */
  drain(): readonly P[] {
    this.#timer.cancel();
    const rest = this.#queue.filter((pending) => pending?.isSettled === false) as P[];
    this.#queue = [];
    this.#head = 0;
    return rest;
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    const expired: P[] = [];
    let oldest = this.oldest();
    const grace = graceMs(this.#options.clock);
    while (oldest !== undefined && now >= this.#endOf(oldest) + grace) {
      if (this.#options.progress.hasMoved()) {
        this.#movedAt = now;
        break;
      }
      oldest.expire();
      expired.push(oldest);
      oldest = this.oldest();
    }
    if (oldest !== undefined) this.#arm(Math.max(1, this.#endOf(oldest) + grace - now));
    if (expired.length > 0) this.#options.onExpired(expired);
  }

  /** Each answer of Redis restarts the wait of the commands behind it. */
  #endOf(pending: Pending): number {
    return Math.max(this.dueAt(pending), this.#lastReplyAt + pending.patienceMs);
  }

  /** The timer belongs to the connection, not to the request that sent the command. */
  #arm(ms: number): void {
    this.#nextMs = ms;
    this.#dueAt = this.#options.clock.now() + ms;
    inBackground(this.#start);
  }
}
