import type { Clock } from '../core/clock.js';

/** Waits shorter than this share of the whole are what a healthy Redis costs, and are free. */
const FREE_SHARE = 1 / 4;

/**
 * What one request may wait for a sick Redis in all, however many cache calls it makes: one
 * `commandTimeout`.
 */
export class Budget {
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

  /** Waits for `answer`, or for what is left of the budget: then resolves to `late`. */
  async spend<T, L>(answer: Promise<T>, late: L): Promise<T | L> {
    const startedAt = this.#clock.now();
    // Nothing spent yet: the deadline of the command itself is as near.
    const result = await (this.#leftMs === this.#totalMs ? answer : this.#orLate(answer, late));
    const waited = this.#clock.now() - startedAt;
    if (waited > this.#totalMs * FREE_SHARE) this.#leftMs -= waited;
    return result;
  }

  async #orLate<T, L>(answer: Promise<T>, late: L): Promise<T | L> {
    let cancel = (): void => {};
    const deadline = new Promise<L>((resolve) => {
      const poll = (): void => this.#clock.afterPoll(() => resolve(late));
      cancel = this.#clock.setTimer(poll, Math.max(0, this.#leftMs), { ref: true }).cancel;
    });
    const result = await Promise.race([answer, deadline]);
    cancel();
    return result;
  }
}
