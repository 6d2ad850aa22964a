import { isByCost, type KeyState, type Policy, type Tilt } from './policies.js';

/** One more load moves what is typical by this share. */
const STEP = 1 / 500;

/** The typical key of a group: the geometric means of the keys of the last loads. */
export class TypicalKey {
  #age = 0;
  #changes = 0;
  #reads = 0;
  #count = 0;
  #state: KeyState = { ageMs: 1, changesPerMs: 1, readsPerMs: 1 };

  add({ ageMs, changesPerMs, readsPerMs }: KeyState): void {
    this.#count++;
    // The first loads are their own mean.
    const step = Math.max(STEP, 1 / this.#count);
    this.#age += step * (Math.log(ageMs) - this.#age);
    this.#changes += step * (Math.log(changesPerMs) - this.#changes);
    this.#reads += step * (Math.log(readsPerMs) - this.#reads);
    this.#state = {
      ageMs: Math.exp(this.#age),
      changesPerMs: Math.exp(this.#changes),
      readsPerMs: Math.exp(this.#reads),
    };
  }

  /** What a policy gives a key whose ttl is `ttlMs`. No clamp is applied. */
  lifetime({ tilt, factor }: Policy, state: KeyState, ttlMs: number): number {
    const [baseMs, calm] = [factor * ttlMs, this.calm(tilt, state)];
    return isByCost(tilt) ? this.cheapest(baseMs, calm, state.readsPerMs) : baseMs * calm;
  }

  /** How much longer the value of a key stays the same than that of the typical one, as this tilt sees it. */
  calm(tilt: Tilt, { ageMs, changesPerMs }: KeyState): number {
    switch (tilt) {
      case 'none':
        return 1;
      case 'age':
      case 'age-cost':
        return ageMs / this.#state.ageMs;
      case 'rate':
      case 'cost':
        return this.#state.changesPerMs / changesPerMs;
    }
  }

  /**
   * The lifetime of a key where the typical one gets `baseMs`, so that all together have the fewest loads for their
   * stale reads. With a lifetime T, a key that is read μ times in a millisecond and changes λ times has μ/(1 + μT) loads
   * and about μ²λT²/2 ÷ (1 + μT) stale reads. One stale read is worth as many loads everywhere if λ(T + μT²/2) is the
   * same for all keys.
   */
  cheapest(baseMs: number, calm: number, readsPerMs: number): number {
    const worth = calm * (baseMs + (this.#state.readsPerMs * baseMs * baseMs) / 2);
    return (Math.sqrt(1 + 2 * readsPerMs * worth) - 1) / readsPerMs;
  }
}
