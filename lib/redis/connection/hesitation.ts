import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
import { lagOf } from '../../core/time/lag.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';

/**
 * Redis hesitates when its oldest command has waited this share of `commandTimeout`, at most `LONGEST_MS`,
 * and more than `DEVIATIONS` mean deviations longer than is usual (as TCP's retransmission timer: RFC 6298,
 * section 2).
 */
const SHARE = 1 / 4;
const LONGEST_MS = 250;
const DEVIATIONS = 4;
const ALPHA = 1 / 8;
const BETA = 1 / 4;
const MAX_POSTPONEMENTS = 1;

/** A caller waits this share of `commandTimeout` at least, and all of it while too few answers show what is usual. */
const CALLERS_SHARE = 1 / 2;
const ENOUGH_ANSWERS = 16;

/** A machine that is short of CPU is short of it for Redis, too: callers wait this many times our own lateness longer. */
const WAIT_PER_LAG = 5;

export interface HesitationOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** The oldest command without an answer. */
  readonly oldest: () => { readonly sentAt: number } | undefined;
  readonly onBegin: () => void;
}

/**
 * Tells whether Redis hesitates: it may be hung, but it is too early to know.
 *
 * Invariants: a hesitation begins when the oldest command waits longer than is usual here, and ends with the
 * next answer in time or when nothing waits; the timer runs only while something waits.
 */
export class Hesitation {
  readonly #options: HesitationOptions;
  readonly #timer: LagAwareTimer;
  #isOn = false;
  /** The smoothed time of an answer, and below the smoothed deviation from it. */
  #usualMs = 0;
  #deviationMs = 0;
  #answers = 0;

  constructor(options: HesitationOptions) {
    this.#options = options;
    this.#timer = new LagAwareTimer({
      clock: options.clock,
      maxPostponements: MAX_POSTPONEMENTS,
      waitsFor: options.oldest,
      isAwaited: false,
      onDue: () => this.#check(),
    });
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /**
   * How long a caller waits for an answer: longer than is usual here, and not until Redis counts as hung. That verdict
   * has a clock of its own, `commandTimeout`.
   */
  get callersPatienceMs(): number {
    const { commandTimeoutMs, clock } = this.#options;
    if (this.#answers < ENOUGH_ANSWERS) return commandTimeoutMs;
    const usualMs = Math.max(commandTimeoutMs * CALLERS_SHARE, this.#longestUsualMs);
    return Math.min(commandTimeoutMs, usualMs + WAIT_PER_LAG * lagOf(clock).recentMs);
  }

  /** A command was sent. */
  sent(): void {
    if (!this.#timer.isRunning) inBackground(() => this.#timer.start(this.#patienceMs()));
  }

  /** A command was answered in time. */
  answered(tookMs: number): void {
    this.#isOn = false;
    const offMs = tookMs - this.#usualMs;
    this.#deviationMs += (Math.abs(offMs) - this.#deviationMs) * BETA;
    this.#usualMs += offMs * ALPHA;
    this.#answers++;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #patienceMs(): number {
    const shareMs = Math.min(this.#options.commandTimeoutMs * SHARE, LONGEST_MS);
    return Math.max(shareMs, this.#longestUsualMs);
  }

  get #longestUsualMs(): number {
    return this.#usualMs + this.#deviationMs * DEVIATIONS;
  }

  #check(): void {
    const { clock, onBegin } = this.#options;
    const oldest = this.#options.oldest();
    if (oldest === undefined) {
      this.#isOn = false;
      return;
    }
    const patienceMs = this.#patienceMs();
    const leftMs = oldest.sentAt + patienceMs - clock.now();
    this.#timer.start(leftMs > 0 ? leftMs : patienceMs);
    if (leftMs > 0 || this.#isOn) return;
    this.#isOn = true;
    onBegin();
  }
}
