import type { Clock, Timer } from '../core/time/clock.js';

/** Waits below this share of the whole are normal and are not charged. */
const FREE_SHARE = 1 / 4;

/**
 * The time that one request may wait for Redis in all, however many cache calls it makes: one `commandTimeout`.
 * It charges only time in which the process was idle, and charges calls that wait together once.
 */
export class WaitBudget {
  readonly #clock: Clock;
  readonly #totalMs: number;
  #leftMs: number;
  /** Up to here (idle time) waiting has been charged. */
  #paidUntil = 0;
  /** When Redis answered this request last (idle time). */
  #answeredAt = 0;

  constructor(clock: Clock, totalMs: number) {
    this.#clock = clock;
    this.#totalMs = totalMs;
    this.#leftMs = totalMs;
  }

  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** Waits for an answer that takes no longer than the whole budget by itself. */
  async charge<T>(answer: Promise<T>, late: T): Promise<T> {
    if (this.#leftMs < this.#totalMs) return this.spend(answer, late);
    const from = this.#clock.idleTime();
    const result = await answer;
    this.#pay(from);
    return result;
  }

  /** Waits for `answer`, or for what is left of the budget: then resolves to `late`. */
  async spend<T>(answer: Promise<T>, late: T): Promise<T> {
    return this.#wait(answer, late, () => Number.NEGATIVE_INFINITY);
  }

  /** Waits for one answer of many. The budget runs only while Redis answers none of them. */
  async spendInSilence<T>(answer: Promise<T>, late: T): Promise<T> {
    return this.#wait(answer, late, () => this.#answeredAt);
  }

  async #wait<T>(answer: Promise<T>, late: T, notBefore: () => number): Promise<T> {
    const began = this.#clock.idleTime();
    const from = (): number => Math.max(began, notBefore());
    const patience = this.#patience(from);
    const result = await Promise.race([answer, patience.ended]);
    patience.cancel();
    if (result === LATE) {
      this.#leftMs = 0;
      return late;
    }
    this.#pay(from());
    return result;
  }

  /** Ends when what is left of the budget has passed since `from`. */
  #patience(from: () => number): {
    readonly ended: Promise<typeof LATE>;
    readonly cancel: () => void;
  } {
    let timer: Timer | undefined;
    let isOver = false;
    const ended = new Promise<typeof LATE>((resolve) => {
      const check = (): void => {
        const leftMs = from() + this.#leftMs - this.#clock.idleTime();
        if (leftMs <= 0) resolve(LATE);
        else if (!isOver) wait(leftMs);
      };
      const wait = (ms: number): void => {
        const poll = (): void => this.#clock.afterPoll(check);
        timer = this.#clock.setTimer(poll, ms, { ref: true });
      };
      wait(Math.max(0, this.#leftMs));
    });
    const cancel = (): void => {
      isOver = true;
      timer?.cancel();
    };
    return { ended, cancel };
  }

  #pay(from: number): void {
    const now = this.#clock.idleTime();
    this.#answeredAt = now;
    if (now - from <= this.#totalMs * FREE_SHARE) return;
    this.#leftMs -= now - Math.max(from, this.#paidUntil);
    this.#paidUntil = now;
  }
}

const LATE: unique symbol = Symbol('late');
