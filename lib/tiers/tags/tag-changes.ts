/** At least so many tags are remembered. Of older changes we only know that some tag was changed. */
const REMEMBERED = 4_096;

/**
 * The tags that were invalidated lately, here or, as far as we have heard, by other processes; and the order of
 * these and other events.
 */
export class TagChanges {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #position = 0;
  /** Up to here any tag may have been changed. */
  #floor = 0;
  #endOfOld = 0;

  /** A new position, after everything so far. */
  next(): number {
    return ++this.#position;
  }

  record(tag: string): void {
    this.#young.set(tag, this.next());
    if (this.#young.size < REMEMBERED) return;
    this.#floor = this.#endOfOld;
    this.#endOfOld = this.#position;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Whether the tag was changed after `since`, or may have been. */
  hasChanged(tag: string, since: number): boolean {
    return (this.#young.get(tag) ?? this.#old.get(tag) ?? this.#floor) > since;
  }
}
