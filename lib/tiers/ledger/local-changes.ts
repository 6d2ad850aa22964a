/** At least so many keys are remembered. Of older changes we only know that some key was changed. */
const REMEMBERED = 1_024;

/**
 * The keys that this process changed recently, so that it does not keep a reply that was in flight when its key
 * changed. While there are no writes, it costs a read one comparison of two numbers.
 *
 * Two maps: when the younger is full, it becomes the older, and what the older held is forgotten. To drop the
 * oldest key of one map would cost more than all the rest of a write, because a map keeps the places of deleted
 * keys for a while.
 */
export class LocalChanges {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #seq = 0;
  /** Up to here any key may have been changed. */
  #floor = 0;
  /** The last position in `#old`. */
  #endOfOld = 0;

  /** Marks the moment at which a read begins. */
  get position(): number {
    return this.#seq;
  }

  /** Returns the position after it. */
  record(key: string): number {
    this.#young.set(key, ++this.#seq);
    if (this.#young.size >= REMEMBERED) this.#forgetOld();
    return this.#seq;
  }

  noteAll(): void {
    this.#young.clear();
    this.#old.clear();
    this.#floor = ++this.#seq;
    this.#endOfOld = this.#seq;
  }

  isUnchanged(key: string, since: number): boolean {
    if (this.#seq === since) return true;
    if (this.#floor > since) return false;
    return (this.#young.get(key) ?? this.#old.get(key) ?? 0) <= since;
  }

  #forgetOld(): void {
    this.#floor = this.#endOfOld;
    this.#endOfOld = this.#seq;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
