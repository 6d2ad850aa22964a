import { type KeyState, TILTS, type Tilt, weightOf } from './policies.js';

/** One more load moves what is typical by this share. */
const STEP = 1 / 500;

/** The typical weight of the keys that a group loads, for each tilt: the geometric mean of the last loads. */
export class TypicalWeights {
  readonly #logs: Record<Tilt, number> = { none: 0, age: 0, rate: 0, cost: 0, 'age-cost': 0 };
  readonly #means: Record<Tilt, number> = { none: 1, age: 1, rate: 1, cost: 1, 'age-cost': 1 };
  #count = 0;

  add(state: KeyState): void {
    this.#count++;
    // The first loads are their own mean.
    const step = Math.max(STEP, 1 / this.#count);
    for (const tilt of TILTS) {
      this.#logs[tilt] += step * (Math.log(weightOf(tilt, state)) - this.#logs[tilt]);
      this.#means[tilt] = Math.exp(this.#logs[tilt]);
    }
  }

  /** How far a key is from a typical one: 1 is typical. */
  relative(tilt: Tilt, state: KeyState): number {
    return weightOf(tilt, state) / this.#means[tilt];
  }
}
