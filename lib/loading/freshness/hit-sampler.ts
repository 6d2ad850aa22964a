/** Of many hits, one in so many is looked at. */
const EVERY = 8;

/** The first hits, and hits that are hardly more than loads, are all looked at. */
const FIRST = 1_000;
const HITS_PER_LOAD = 4;

/**
 * Chooses hits at random, each with the same chance, and says for how many each stands. So a hit costs one subtraction,
 * however many groups there are.
 */
export class HitSampler {
  readonly #random: () => number;
  #left = 1;
  #drawn = 1;
  #mean = 1;
  #hits = 0;
  #loads = 0;

  /** `random`: a number from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the hit is looked at. */
  hit(): boolean {
    return --this.#left <= 0;
  }

  /** For how many hits the one that is looked at stands. Then the next is chosen. */
  take(): number {
    const mean = this.#mean;
    this.#hits += this.#drawn;
    const isMany = this.#hits >= FIRST && this.#hits >= HITS_PER_LOAD * this.#loads;
    this.#mean = isMany ? EVERY : 1;
    // From 1 to twice the mean, so that hits in a rhythm are not always the same ones.
    this.#drawn = isMany ? 1 + Math.floor(this.#random() * (2 * EVERY - 1)) : 1;
    this.#left = this.#drawn;
    return mean;
  }

  loaded(): void {
    this.#loads++;
  }
}
