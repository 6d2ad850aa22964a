/** No bytes of entries beyond this wait, so that memory holds hardly more than its limit. */
const MAX_BYTES = 256 * 1024;

/** At most so many changes wait. */
const MAX_WAITING = 1_024;

/** A change waits while it is one of fewer than this many times the entries that memory holds. */
const TIMES_MEMORY = 4;

/** What is done with the changes. */
export interface MemoryChanges {
  readonly max: number;
  holds(key: string): boolean;
  keep(key: string, entry: string, mark: number): void;
  delete(key: string): void;
  /** Later entries have pushed this one out already. */
  passOver(key: string): void;
}

/** A key whose entries are all older than the ones that stay. */
interface Passed {
  entry: string;
  mark: number;
  times: number;
}

/**
 * The latest changes of memory, unread so far. While Redis serves, every hit is kept in memory and most of what
 * is kept is pushed out again unread. So changes wait until memory is asked, or until they are many; of many,
 * those that later ones would push out are never made. Memory holds what it would hold if each had been made at
 * once: an entry that came again is kept and counts as used again.
 */
export class PostponedKeeps {
  readonly #changes: MemoryChanges;
  readonly #limit: number;
  #keys: string[] = [];
  /** '': the key is deleted. */
  #entries: string[] = [];
  #marks: number[] = [];
  #bytes = 0;

  constructor(changes: MemoryChanges) {
    this.#changes = changes;
    this.#limit = Math.min(TIMES_MEMORY * changes.max, MAX_WAITING);
  }

  add(key: string, entry: string, mark: number): void {
    this.#keys.push(key);
    this.#entries.push(entry);
    this.#marks.push(mark);
    this.#bytes += entry.length;
    if (this.#keys.length >= this.#limit || this.#bytes > MAX_BYTES) this.settle();
  }

  /** Makes the changes. */
  settle(): void {
    const keys = this.#keys;
    if (keys.length === 0) return;
    const [entries, marks] = [this.#entries, this.#marks];
    const { from, later } = this.#split();
    if (from > 0) this.#pass(from, later);
    [this.#keys, this.#entries, this.#marks, this.#bytes] = [[], [], [], 0];
    for (let i = from; i < keys.length; i++) {
      const [key, entry] = [keys[i] as string, entries[i] as string];
      if (entry === '') this.#changes.delete(key);
      else this.#changes.keep(key, entry, marks[i] as number);
    }
  }

  /** Makes those of the changes before `to` that later ones do not undo. */
  #pass(to: number, later: ReadonlySet<string>): void {
    for (const [key, { entry, mark, times }] of this.#passedBefore(to)) {
      if (times > 1) this.#changes.keep(key, entry, mark);
      if (times > 1 || this.#changes.holds(key)) this.#changes.keep(key, entry, mark);
      else if (!later.has(key)) this.#changes.passOver(key);
    }
  }

  /** Makes the deletes before `to`. Returns what is kept there and not deleted. */
  #passedBefore(to: number): ReadonlyMap<string, Passed> {
    const passed = new Map<string, Passed>();
    for (let i = 0; i < to; i++) {
      const [key, entry] = [this.#keys[i] as string, this.#entries[i] as string];
      const before = passed.get(key);
      if (entry === '') {
        passed.delete(key);
        this.#changes.delete(key);
      } else if (before === undefined) {
        passed.set(key, { entry, mark: this.#marks[i] as number, times: 1 });
      } else {
        before.entry = entry;
        before.mark = this.#marks[i] as number;
        before.times++;
      }
    }
    return passed;
  }

  /** From `from` on there are not more keys than memory holds; they are `later`. */
  #split(): { readonly from: number; readonly later: ReadonlySet<string> } {
    const { max } = this.#changes;
    const later = new Set<string>();
    let from = this.#keys.length;
    if (from <= max) return { from: 0, later };
    while (from > 0 && later.size < max) {
      from--;
      if (this.#entries[from] !== '') later.add(this.#keys[from] as string);
    }
    return { from, later };
  }
}
