/** How many keys we remember. Of older changes we only know that some key was changed. */
const REMEMBERED = 1_024;

/**
 * The keys that this process changed recently, so that it does not keep a reply that was in flight when its key
 * changed. While there are no writes, it costs a read one comparison of two numbers.
 */
export class LocalChanges {
  readonly #recent = new Map<string, number>();
  #seq = 0;
  /** Up to here any key may have been changed. */
  #floor = 0;

  /** Marks the moment at which a read begins. */
  get position(): number {
    return this.#seq;
  }

  /** Returns the position after it. */
  record(key: string): number {
    this.#recent.delete(key);
    this.#recent.set(key, ++this.#seq);
    if (this.#recent.size > REMEMBERED) this.#dropOldest();
    return this.#seq;
  }

  noteAll(): void {
    this.#recent.clear();
    this.#floor = ++this.#seq;
  }

  isUnchanged(key: string, since: number): boolean {
    if (this.#seq === since) return true;
    return this.#floor <= since && (this.#recent.get(key) ?? 0) <= since;
  }

  #dropOldest(): void {
    const [oldest] = this.#recent;
    if (oldest === undefined) return;
    this.#recent.delete(oldest[0]);
    this.#floor = oldest[1];
  }
}
