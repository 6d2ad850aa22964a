/** The places of what was taken are given back when so many are empty. */
const COMPACT_EVERY = 1_024;

/** A queue whose `take` does not move the rest. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    const isEmpty = this.#head === this.#items.length;
    if (isEmpty || this.#head >= COMPACT_EVERY) {
      this.#items = isEmpty ? [] : this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
