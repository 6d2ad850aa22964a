import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';
import type { Progress } from './socket-meter.js';

/** A command that no caller waits for any more. Redis may never answer it. */
export interface Overdue {
  readonly patienceMs: number;
  readonly isAnswered: boolean;
}

export interface SilenceOptions {
  readonly clock: Clock;
  readonly progress: Progress;
  readonly onSilent: () => void;
}

/** A lone command gets this many deadlines in all. Its own was the first. */
const DEADLINES = 3;
const MAX_POSTPONEMENTS = 5;

/**
 * Notices a hang when too few commands are sent for several to go unanswered: one command stays without an
 * answer for three deadlines.
 */
export class Silence {
  readonly #options: SilenceOptions;
  readonly #timer: LagAwareTimer;
  #overdue: Overdue | undefined;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#timer = new LagAwareTimer({
      clock: options.clock,
      maxPostponements: MAX_POSTPONEMENTS,
      waitsFor: () => this.#overdue,
      isAwaited: false,
      onDue: () => this.#check(),
    });
  }

  /** The deadline of this command has passed. */
  watch(overdue: Overdue): void {
    if (this.#overdue?.isAnswered === false) return;
    this.#overdue = overdue;
    this.#start(overdue);
  }

  cancel(): void {
    this.#timer.cancel();
    this.#overdue = undefined;
  }

  #start(overdue: Overdue): void {
    inBackground(() => this.#timer.start(overdue.patienceMs * (DEADLINES - 1)));
  }

  #check(): void {
    const overdue = this.#overdue;
    if (overdue === undefined || overdue.isAnswered) return;
    if (this.#options.progress.hasMoved()) this.#start(overdue);
    else this.#options.onSilent();
  }
}
