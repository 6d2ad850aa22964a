import type { Clock } from '../core/clock.js';

/** Waits below this share of the whole are normal and are not charged. */
const FREE_SHARE = 1 / 4;

/**
 * What one request may wait for Redis in all, however many cache calls it makes: one `commandTimeout`.
 * Only time in which the process had nothing to do is charged.
 */
export class WaitBudget {
  readonly #clock: Clock;
  readonly #totalMs: number;
  #leftMs: number;

  constructor(clock: Clock, totalMs: number) {
    this.#clock = clock;
    this.#totalMs = totalMs;
    this.#leftMs = totalMs;
  }

  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** The whole budget is used up: the request waited for a command until that timed out. */
  exhaust(): void {
    this.#leftMs = 0;
  }

  /** Waits for an answer that takes no longer than the whole budget by itself. */
  async charge<T>(answer: Promise<T>, late: T): Promise<T> {
    if (this.#leftMs < this.#totalMs) return this.spend(answer, late);
    const idleBefore = this.#clock.idleTime();
    const result = await answer;
    this.#pay(this.#clock.idleTime() - idleBefore);
    return result;
  }

  /** Waits for `answer`, or for what is left of the budget: then resolves to `late`. */
  async spend<T>(answer: Promise<T>, late: T): Promise<T> {
    const idleBefore = this.#clock.idleTime();
    let cancel = (): void => {};
    const deadline = new Promise<typeof LATE>((resolve) => {
      const poll = (): void => this.#clock.afterPoll(() => resolve(LATE));
      cancel = this.#clock.setTimer(poll, Math.max(0, this.#leftMs), { ref: true }).cancel;
    });
    const result = await Promise.race([answer, deadline]);
    cancel();
    if (result === LATE) {
      this.exhaust();
      return late;
    }
    this.#pay(this.#clock.idleTime() - idleBefore);
    return result;
  }

  #pay(waitedMs: number): void {
    if (waitedMs > this.#totalMs * FREE_SHARE) this.#leftMs -= waitedMs;
  }
}

const LATE: unique symbol = Symbol('late');
