import type { Clock } from '../../../core/time/clock.js';

/** How much one more reply changes the average. */
const WEIGHT = 1 / 8;
/** After this time the largest reply counts half. */
const HALF_LIFE_MS = 5_000;

/** Learns how large the values of this cache are, so that a read gets the time it needs. */
export class ReplySizes {
  readonly #clock: Clock;
  #average = 0;
  #largest = 0;
  #largestAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes a key, smoothed. */
  get average(): number {
    return this.#average;
  }

  /** The size of the largest value seen lately. */
  get largest(): number {
    return this.#largest;
  }

  /** A reply with the values of `keys` keys has arrived. */
  observe(keys: number, bytes: number, largest: number): void {
    this.#average += (bytes / keys - this.#average) * WEIGHT;
    const now = this.#clock.now();
    const faded = this.#largest * 0.5 ** ((now - this.#largestAt) / HALF_LIFE_MS);
    this.#largest = Math.max(largest, faded);
    this.#largestAt = now;
  }
}
