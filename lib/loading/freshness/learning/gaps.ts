/** Powers of two, from 1 ms to 50 days and more. */
const BINS = 33;

/** How long values stayed the same between two changes that loads have seen. */
export class Gaps {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;

  add(gapMs: number): void {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, gapMs)))));
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
    this.#count++;
  }

  /** The median, within a factor of 1.4; `undefined` if no key has changed twice. */
  get medianMs(): number | undefined {
    if (this.#count === 0) return undefined;
    let below = 0;
    const bin = this.#bins.findIndex((count) => {
      below += count;
      return below * 2 >= this.#count;
    });
    return Math.round(2 ** (bin + 0.5));
  }
}
