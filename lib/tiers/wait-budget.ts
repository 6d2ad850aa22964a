import type { Clock } from '../core/clock.js';
import { Failure } from '../redis/failure.js';

/** Waits shorter than this share of the whole are what a healthy Redis costs, and are free. */
const FREE_SHARE = 1 / 4;

/**
 * What one request may wait for a sick Redis in all, however many cache calls it makes: one
 * `commandTimeout`.
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

  /**
   * Waits for `answer`, or for what is left of the budget: then resolves to `late`. What is charged is the
   * time the process had nothing to do; a process that computes meanwhile does not wait for Redis.
   */
  async spend<T, L>(answer: Promise<T>, late: L): Promise<T | L> {
    const idleBefore = this.#clock.idleTime();
    // Nothing spent yet: the deadline of the command itself is as near.
    const result = await (this.#leftMs === this.#totalMs ? answer : this.#orLate(answer));
    const waited = this.#clock.idleTime() - idleBefore;
    if (result === LATE || isTimeout(result)) this.#leftMs = 0;
    else if (waited > this.#totalMs * FREE_SHARE) this.#leftMs -= waited;
    return result === LATE ? late : result;
  }

  async #orLate<T>(answer: Promise<T>): Promise<T | typeof LATE> {
    let cancel = (): void => {};
    const deadline = new Promise<typeof LATE>((resolve) => {
      const poll = (): void => this.#clock.afterPoll(() => resolve(LATE));
      cancel = this.#clock.setTimer(poll, Math.max(0, this.#leftMs), { ref: true }).cancel;
    });
    const result = await Promise.race([answer, deadline]);
    cancel();
    return result;
  }
}

/** What a command comes to whose request has waited for Redis long enough. */
export const OUT_OF_BUDGET: Failure = new Failure(
  'command',
  'timeout',
  new Error('the request has no time left'),
);

const LATE: unique symbol = Symbol('late');

function isTimeout(result: unknown): boolean {
  return result instanceof Failure && result.reason === 'timeout';
}
