import { POLICIES } from './policies.js';
import type { Outcomes } from './simulation.js';

/** The sums of simulated loads and stale reads of each policy: which one costs what. Old intervals fade. */
export class Frontier {
  #memory: number;
  readonly #loads = new Float64Array(POLICIES.length);
  readonly #stale = new Float64Array(POLICIES.length);
  /** Of stale reads, and of those and all reads. */
  readonly #squares = new Float64Array(POLICIES.length);
  readonly #products = new Float64Array(POLICIES.length);
  #reads = 0;
  #readSquares = 0;
  #changes = 0;
  #intervals = 0;
  /** Later intervals weigh more, instead of all earlier ones less. */
  #weight = 1;

  /** `memory`: an interval counts half after 0.7 times so many. */
  constructor(memory: number) {
    this.#memory = memory;
  }

  /** From now on intervals fade more slowly. */
  remember(memory: number): void {
    this.#memory = memory;
  }

  /** An interval of a key with so many reads. */
  add({ loads, stale }: Outcomes, reads: number, isChanged: boolean): void {
    this.#weight /= 1 - 1 / this.#memory;
    if (this.#weight > 1e100) this.#scale();
    const weight = this.#weight;
    this.#reads += weight * reads;
    this.#readSquares += weight * reads * reads;
    this.#intervals++;
    if (isChanged) this.#changes++;
    for (let i = 0; i < POLICIES.length; i++) {
      const found = stale[i] as number;
      this.#loads[i] = (this.#loads[i] as number) + weight * (loads[i] as number);
      if (found === 0) continue;
      this.#stale[i] = (this.#stale[i] as number) + weight * found;
      this.#squares[i] = (this.#squares[i] as number) + weight * found * found;
      this.#products[i] = (this.#products[i] as number) + weight * found * reads;
    }
  }

  get intervals(): number {
    return this.#intervals;
  }

  /** Intervals in which the value changed. */
  get changes(): number {
    return this.#changes;
  }

  loadsPerRead(policy: number): number {
    return (this.#loads[policy] as number) / this.#reads;
  }

  /** The share of reads that get an old value, and the standard error of that (ratio of sums). */
  stale(policy: number): { readonly value: number; readonly error: number } {
    const value = (this.#stale[policy] as number) / this.#reads;
    const squares = this.#squares[policy] as number;
    const products = this.#products[policy] as number;
    const spread = squares - 2 * value * products + value * value * this.#readSquares;
    const error = Math.sqrt(Math.max(0, spread) * this.#weight) / this.#reads;
    return { value, error };
  }

  #scale(): void {
    const scale = 1 / this.#weight;
    for (const sums of [this.#loads, this.#stale, this.#squares, this.#products]) {
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) * scale;
    }
    this.#reads *= scale;
    this.#readSquares *= scale;
    this.#weight = 1;
  }
}
