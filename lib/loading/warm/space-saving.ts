/** A key and how often it was seen, at most. `at` is its place in the heap. */
interface Counter {
  readonly key: string;
  count: number;
  at: number;
}

/**
 * The most frequent keys of a stream, in bounded room: "Space-Saving" (Metwally, Agrawal and El Abbadi, "Efficient
 * computation of frequent and top-k elements in data streams", 2005). A new key takes the counter of the rarest one
 * and goes on from its count, so a count is never too low, and too high by the smallest count at most.
 *
 * Counters are a binary heap with the rarest at the top. A frequent key is near the bottom, where counting it moves
 * nothing.
 */
export class SpaceSaving {
  readonly #capacity: number;
  readonly #heap: Counter[] = [];
  readonly #byKey = new Map<string, Counter>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(key: string): void {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count++;
      this.#sink(known);
    } else this.#begin(key, 1, this.#smallest + 1);
  }

  /** The count of the key becomes `count`, unless it is higher. A key that is rarer than all counted ones is left out. */
  raise(key: string, count: number): void {
    const known = this.#byKey.get(key);
    if (known === undefined) {
      if (count > this.#smallest) this.#begin(key, count, count);
    } else if (known.count < count) {
      known.count = count;
      this.#sink(known);
    }
  }

  /** Old sightings count half from now on. */
  halve(): void {
    for (const counter of this.#heap) counter.count /= 2;
  }

  /** The most frequent keys with their counts, most frequent first. */
  top(most: number): readonly (readonly [key: string, count: number])[] {
    return this.#heap
      .toSorted((a, b) => b.count - a.count)
      .slice(0, most)
      .map(({ key, count }) => [key, count]);
  }

  /** The smallest count, which a new key takes over; 0 while there is room. */
  get #smallest(): number {
    return this.#heap.length < this.#capacity ? 0 : (this.#heap[0]?.count ?? 0);
  }

  /** `first`: the count in a free place. `next`: the count in the place of the rarest. */
  #begin(key: string, first: number, next: number): void {
    if (this.#heap.length < this.#capacity) {
      const counter = { key, count: first, at: this.#heap.length };
      this.#heap.push(counter);
      this.#byKey.set(key, counter);
      this.#rise(counter);
      return;
    }
    const rarest = this.#heap[0] as Counter;
    this.#byKey.delete(rarest.key);
    const counter = { key, count: next, at: 0 };
    this.#heap[0] = counter;
    this.#byKey.set(key, counter);
    this.#sink(counter);
  }

  #rise(counter: Counter): void {
    while (counter.at > 0) {
      const parent = this.#heap[(counter.at - 1) >> 1] as Counter;
      if (parent.count <= counter.count) return;
      this.#swap(parent, counter);
    }
  }

  #sink(counter: Counter): void {
    for (;;) {
      const child = this.#smallerChild(counter.at);
      if (child === undefined || child.count >= counter.count) return;
      this.#swap(counter, child);
    }
  }

  #smallerChild(at: number): Counter | undefined {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    return right !== undefined && left !== undefined && right.count < left.count ? right : left;
  }

  /** `upper` is the parent of `lower`. */
  #swap(upper: Counter, lower: Counter): void {
    const at = upper.at;
    this.#heap[lower.at] = upper;
    this.#heap[at] = lower;
    upper.at = lower.at;
    lower.at = at;
  }
}
