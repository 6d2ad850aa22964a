import type { SharedValue } from './shared-value.js';

/**
 * One load of one key, shared by all who ask meanwhile.
 *
 * Invariants: the load is aborted only when the last waiting caller has gone and nobody was given a
 * stale value on the promise that it would be replaced; a void flight's value is stored nowhere.
 */
export class Flight {
  /** The key was changed since the flight began. */
  isVoid = false;
  /** Aborted because nobody waits any more. */
  isAbandoned = false;
  isOver = false;
  load!: Promise<SharedValue>;
  readonly #abort = new AbortController();
  #waiting = 0;
  #isKept: boolean;

  /** `isKept`: the load has a purpose of its own, whoever waits. */
  constructor(isKept = false) {
    this.#isKept = isKept;
  }

  /** For the loader: aborted when its result is of no use to anybody, or takes too long. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  keep(): void {
    this.#isKept = true;
  }

  join(): void {
    this.#waiting++;
  }

  /** A caller has its answer, or has given up. */
  leave(): void {
    this.#waiting--;
    if (this.#waiting > 0 || this.#isKept || this.isOver) return;
    this.isAbandoned = true;
    this.abort(new Error('nobody waits for this load any more'));
  }
}
