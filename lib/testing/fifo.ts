/** How many places at the front may stand empty before the rest moves up. */
const EMPTY_PLACES = 1_024;

/** First in, first out, in constant time however much waits. */
export class Fifo<T> {
  #items: T[] = [];
  #from = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#from === this.#items.length) return undefined;
    const item = this.#items[this.#from++];
    if (this.#from > EMPTY_PLACES && this.#from * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#from);
      this.#from = 0;
    }
    return item;
  }

  /** Takes everything out. */
  drain(): readonly T[] {
    const rest = this.#items.slice(this.#from);
    this.#items = [];
    this.#from = 0;
    return rest;
  }
}
