/** Of a full sample, this share of the keys, those that were loaded longest ago, may be dropped at once. */
const DROPPED = 1 / 8;

/** Keys chosen by their fingerprints, so that each key has the same chance, with their simulated copies. */
export class Sample {
  /** In the order of their last loads. */
  readonly #copies = new Map<number, Float64Array>();
  readonly #most: number;
  /** One key of so many is in it. */
  #every = 1;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the key belongs to it. */
  has(key: number): boolean {
    return key % this.#every === 0;
  }

  copiesOf(key: number): Float64Array | undefined {
    return this.#copies.get(key);
  }

  /** The key was loaded again, so it is the last to be dropped. */
  used(key: number): void {
    const copies = this.#copies.get(key);
    if (copies === undefined) return;
    this.#copies.delete(key);
    this.#copies.set(key, copies);
  }

  /** Takes a key into the sample, or its new copies. `isIdle`: whether a key is not loaded any more. */
  keep(key: number, copies: Float64Array, isIdle: (key: number) => boolean): void {
    this.#copies.delete(key);
    if (this.#copies.size >= this.#most) this.#makeRoom(isIdle);
    if (this.has(key)) this.#copies.set(key, copies);
  }

  #makeRoom(isIdle: (key: number) => boolean): void {
    let left = Math.ceil(DROPPED * this.#most);
    const before = this.#copies.size;
    for (const key of this.#copies.keys()) {
      if (isIdle(key)) this.#copies.delete(key);
      if (--left === 0) break;
    }
    if (this.#copies.size < before) return;
    this.#every *= 2;
    for (const key of this.#copies.keys()) if (!this.has(key)) this.#copies.delete(key);
  }
}
