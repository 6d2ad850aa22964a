/** The counts of a histogram at one moment. `counts` has one more place than `bounds`: for what is above all of them. */
export interface HistogramCounts {
  /** Upper bounds, inclusive, in ascending order. */
  readonly bounds: readonly number[];
  /** How many values lay in each bucket alone, not in those below it. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts values in fixed buckets. To observe a value costs a few comparisons and no memory. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.#counts[bucket] as number)++;
    this.#sum += value;
  }

  counts(): HistogramCounts {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
