import type { Clock } from '../../core/clock.js';

/** Waiting is measured in steps of this share of `commandTimeout`, within these bounds. */
const STEP_SHARE = 1 / 5;
const SHORTEST_STEP_MS = 5;
const LONGEST_STEP_MS = 25;

/** A step that ends this late was not spent waiting for Redis: our own process, or the machine, was too busy. */
const LATE_MS = 5;
/** How much of such a step counts all the same: on a machine that is always too busy a hang is found, too. */
const LATE_SHARE = 1 / 4;

/**
 * Time as it passes for somebody who waits for Redis. Where our own timers are late, it almost stands
 * still: the process was suspended or blocked, or the machine is starved, and so may Redis be.
 */
export class WaitingTime {
  readonly #clock: Clock;
  readonly #stepMs: number;
  #passed = 0;
  #isRunning = false;
  #startedAt = 0;
  #endsAt = 0;

  constructor(clock: Clock, commandTimeoutMs: number) {
    this.#clock = clock;
    const stepMs = Math.min(commandTimeoutMs * STEP_SHARE, LONGEST_STEP_MS);
    this.#stepMs = Math.max(SHORTEST_STEP_MS, stepMs);
  }

  now(): number {
    if (!this.#isRunning) return this.#passed;
    const inStep = this.#clock.now() - this.#startedAt;
    return this.#passed + Math.min(inStep, this.#endsAt - this.#startedAt);
  }

  /** Begins a step on the way to `dueAt`. Returns how long it takes: `endStep` must be called then. */
  beginStep(dueAt: number): number {
    const ms = Math.max(1, Math.min(this.#stepMs, dueAt - this.#passed));
    this.#isRunning = true;
    this.#startedAt = this.#clock.now();
    this.#endsAt = this.#startedAt + ms;
    return ms;
  }

  /** Ends a step, and returns the time. */
  endStep(): number {
    const now = this.#clock.now();
    const isLate = now - this.#endsAt > LATE_MS;
    const tookMs = (isLate ? this.#endsAt : now) - this.#startedAt;
    this.#passed += isLate ? tookMs * LATE_SHARE : tookMs;
    this.#isRunning = false;
    return this.#passed;
  }

  /** Nobody waits. */
  stop(): void {
    this.#isRunning = false;
  }
}
