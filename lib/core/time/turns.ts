import type { Clock } from './clock.js';

/** How long our own work may hold the event loop before it lets timers and sockets have a turn. */
const LONGEST_MS = 2;

/** How long one call may work before it returns its promise. What it has not begun by then, it begins in a later turn. */
const LONGEST_CALL_MS = 5;

/**
 * A loop whose stretches take less than this doubles them, up to `MOST_STEPS` steps, because to read the clock costs
 * as much as a step.
 */
const QUICK_MS = 0.1;
const MOST_STEPS = 32;

/**
 * Lets the event loop turn. Work that never waits for input (answers from memory, long loops) asks
 * `due()` after each piece. All work of one cache shares one allowance, so that ten loops at once hold
 * the loop no longer than one.
 */
export class Turns {
  readonly #clock: Clock;
  /** Resolves when the event loop has looked for input. Absent until the first call of `due()` in this turn. */
  #next: Promise<void> | undefined;
  #beganAt = 0;
  /** The time that was just read, for the `due()` that follows. */
  #read: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time now (local, monotonic). A piece that reads it here saves `due()` from reading it again. */
  now(): number {
    this.#read = this.#clock.now();
    return this.#read;
  }

  /** What to await before going on, when this turn of the event loop has lasted long enough. */
  due(): Promise<void> | undefined {
    const now = this.#read ?? this.#clock.now();
    this.#read = undefined;
    if (this.#next === undefined) this.#begin(now);
    return now - this.#beganAt < LONGEST_MS ? undefined : this.#next;
  }

  /** Like `forEach`, but returns `undefined` when it is done at once, as with a single item, the usual case. */
  each<T>(items: readonly T[], act: (item: T, index: number) => void): Promise<void> | undefined {
    if (items.length > 1) return this.forEach(items, act);
    for (const item of items) act(item, 0);
    return undefined;
  }

  /**
   * Does `act` with each item, in order, as long as that alone takes no longer than a turn may: a call's own work is
   * done in the call, however long the caller has used this turn before. Returns how many it did.
   */
  thisTurn<T>(items: readonly T[], act: (item: T) => void): number {
    const beganAt = this.#clock.now();
    let done = 0;
    for (const item of items) {
      act(item);
      done++;
      if (done < items.length && this.#clock.now() - beganAt >= LONGEST_CALL_MS) break;
    }
    return done;
  }

  /** Does `act` with each item, in order, over as many turns as it takes. A list that is no array is read as it goes. */
  forEach<T>(items: Iterable<T>, act: (item: T, index: number) => void): Promise<void> {
    if (!Array.isArray(items)) return this.#eachOf(items, act);
    return this.stretches(items.length, (from, to) => {
      for (let i = from; i < to; i++) act(items[i] as T, i);
    });
  }

  /** The same for stretches of a list of this length: `act` does the items `from` to `to`, without `to`. */
  async stretches(length: number, act: (from: number, to: number) => void): Promise<void> {
    let steps = 1;
    let lookedAt = this.#clock.now();
    for (let from = 0, to = 0; from < length; from = to) {
      to = Math.min(length, from + steps);
      act(from, to);
      const turn = this.due();
      const now = this.#clock.now();
      steps = now - lookedAt < QUICK_MS ? Math.min(2 * steps, MOST_STEPS) : 1;
      lookedAt = now;
      if (turn !== undefined) await turn;
    }
  }

  async #eachOf<T>(items: Iterable<T>, act: (item: T, index: number) => void): Promise<void> {
    let index = 0;
    for (const item of items) {
      act(item, index++);
      const turn = this.due();
      if (turn !== undefined) await turn;
    }
  }

  #begin(now: number): void {
    this.#beganAt = now;
    this.#next = new Promise((resolve) => {
      this.#clock.afterPoll(() => {
        this.#next = undefined;
        resolve();
      });
    });
  }
}
