import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
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
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #patienceMs(): number {
    const longestUsualMs = this.#usualMs + this.#deviationMs * DEVIATIONS;
    const shareMs = Math.min(this.#options.commandTimeoutMs * SHARE, LONGEST_MS);
    return Math.max(shareMs, longestUsualMs);
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
