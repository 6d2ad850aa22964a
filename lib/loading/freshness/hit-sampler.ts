/** Of many hits, one in so many at most is looked at. */
const MOST = 128;

/** The first hits are all looked at. Then about one for each load is, which is enough to learn from. */
const FIRST = 1_000;

/**
 * Chooses hits at random, each with the same chance, and says for how many each stands. So a hit costs one subtraction,
 * however many groups there are.
 */
export class HitSampler {
  readonly #random: () => number;
  #left = 1;
  #drawn = 1;
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
    const stands = this.#drawn;
    this.#hits += stands;
    const mean = this.#nextMean;
    // From 1 to twice the mean, so that hits in a rhythm are not always the same ones.
    this.#drawn = 1 + Math.floor(this.#random() * (2 * mean - 1));
    this.#left = this.#drawn;
    return stands;
  }

  loaded(): void {
    this.#loads++;
  }

  get #nextMean(): number {
    if (this.#hits < FIRST) return 1;
    return Math.max(1, Math.min(MOST, Math.floor(this.#hits / Math.max(1, this.#loads))));
  }
}
