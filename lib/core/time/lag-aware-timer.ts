import type { Clock, Timer } from './clock.js';
import { lagOf } from './lag.js';

/** A timer this late means that the event loop was busy: replies may lie unread in the socket. */
const LATE_MS = 5;

export interface LagAwareTimerOptions {
  readonly clock: Clock;
  /** How often a late timer is postponed for the same thing before we call its callback anyway. */
  readonly maxPostponements: number;
  /** The most that one postponement gives back, in milliseconds. By default as long as the timer itself. */
  readonly longestPostponementMs?: number;
  /** What the timer waits for at the moment. */
  readonly waitsFor: () => unknown;
  /** A caller waits for the outcome, so the process must live until then. */
  readonly isAwaited: boolean;
  readonly onDue: () => void;
}

/**
 * A timer that does not mistake its own process' lateness for that of Redis or of a check. When it fires late,
 * it waits for that time again and reads the sockets once more before it calls its callback.
 */
export class LagAwareTimer {
  readonly #options: LagAwareTimerOptions;
  #timer: Timer | undefined;
  #postponed = 0;
  #postponedFor: unknown;

  constructor(options: LagAwareTimerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  start(ms: number): void {
    this.#timer?.cancel();
    this.#arm(ms, ms);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number, ownMs: number): void {
    const { clock, isAwaited } = this.#options;
    const dueAt = clock.now() + ms;
    this.#timer = clock.setTimer(() => this.#fire(dueAt, ownMs), ms, { ref: isAwaited });
  }

  #fire(dueAt: number, ownMs: number): void {
    const { clock, maxPostponements, waitsFor, onDue } = this.#options;
    const lateMs = clock.now() - dueAt;
    lagOf(clock).observe(lateMs);
    const subject = waitsFor();
    if (subject !== this.#postponedFor) this.#postponed = 0;
    this.#postponedFor = subject;
    if (lateMs > LATE_MS && this.#postponed < maxPostponements) {
      this.#postponed++;
      // The system may have sent a command only after the loop was busy.
      this.#arm(Math.min(lateMs, this.#options.longestPostponementMs ?? ownMs), ownMs);
      return;
    }
    const fired = this.#timer;
    clock.afterPoll(() => {
      if (this.#timer !== fired) return;
      this.#timer = undefined;
      onDue();
    });
  }
}
