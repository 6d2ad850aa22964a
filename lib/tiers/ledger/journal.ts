import type { Stamp } from '../../redis/server-time.js';

/** `load`: a value made by a loader during an outage; it leaves first when the journal is full. */
export type JournalOp = 'change' | 'load';

export interface JournalEntry {
  readonly op: JournalOp;
  /** The order of recording. An acknowledgement does not settle an entry that was recorded after its sending. */
  readonly seq: number;
  /** A value in Redis with a version above its `high` is newer than the change and may stay. */
  readonly stamp: Stamp;
}

/**
 * The changes of keys that Redis has not acknowledged: one entry per key, no values.
 *
 * Invariants: an entry leaves only when Redis acknowledged something newer for its key, or (`load`, which is no
 * promise to a caller) when there is no room; when there is no room for a promise the whole journal collapses
 * into one overflow, which stands for every key until the generation was changed. Time alone removes nothing,
 * because this process does not know how long another process' values live.
 */
export class Journal {
  readonly max: number;
  readonly #entries = new Map<string, JournalEntry>();
  #loads = 0;
  #seq = 0;
  #overflowSeq = 0;
  #overflows = 0;
  #isFull = false;

  constructor(max: number) {
    this.max = max;
  }

  /** Changes that wait for Redis; an overflow counts as full. */
  get size(): number {
    if (this.#isFull) return this.max;
    return this.#entries.size + (this.isOverflowed ? 1 : 0);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && !this.isOverflowed;
  }

  get isOverflowed(): boolean {
    return this.#overflowSeq > 0;
  }

  /** How often the journal collapsed into a change of generation. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Marks a moment: everything recorded so far has a lower or equal `seq`. */
  get seq(): number {
    return this.#seq;
  }

  /** Records a change. Returns whether this overflowed the journal. */
  record(key: string, op: JournalOp, stamp: Stamp): boolean {
    const known = this.#entries.get(key);
    // A load does not replace a promise: it was made after the change, and the change covers it.
    if (op === 'load' && known?.op === 'change') return false;
    if (op === 'load' && known === undefined && this.#entries.size >= this.max) return false;
    this.#delete(key);
    const highest = known !== undefined && known.stamp.high > stamp.high ? known.stamp : stamp;
    this.#entries.set(key, { op, seq: ++this.#seq, stamp: highest });
    if (op === 'load') this.#loads++;
    return this.#makeRoom();
  }

  get(key: string): JournalEntry | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Redis acknowledged something for this key that was sent when the journal was at `seq`, and is as new as `limit`. */
  settle(key: string, seq: number, limit: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.seq <= seq && entry.stamp.high <= limit) this.#delete(key);
  }

  /** The generation was changed by a command that was sent when the journal was at `seq`: that covers every key. */
  settleAll(seq: number): void {
    if (this.#overflowSeq <= seq) {
      this.#overflowSeq = 0;
      this.#isFull = false;
    }
    for (const [key, entry] of this.#entries) {
      if (entry.seq > seq) return;
      this.#delete(key);
    }
  }

  /**
   * There is no room, so everything collapses into one change of generation. Returns whether this is the first
   * time since the last one.
   */
  overflow(): boolean {
    const isFirst = !this.#isFull;
    if (isFirst) this.#overflows++;
    this.flush();
    this.#isFull = true;
    return isFirst;
  }

  /** One change of generation stands for every change so far. */
  flush(): void {
    this.#entries.clear();
    this.#loads = 0;
    this.#overflowSeq = ++this.#seq;
  }

  /** A loaded value that memory no longer holds needs no protection. */
  dropLoad(key: string): void {
    if (this.#entries.get(key)?.op === 'load') this.#delete(key);
  }

  /** The entries, in the order of recording. */
  entries(): readonly (readonly [string, JournalEntry])[] {
    return [...this.#entries];
  }

  /** Takes out the entries of these keys. */
  takeMatching(matches: (key: string) => boolean): readonly (readonly [string, JournalEntry])[] {
    const taken = this.entries().filter(([key]) => matches(key));
    for (const [key] of taken) this.#delete(key);
    return taken;
  }

  #delete(key: string): void {
    if (this.#entries.get(key)?.op === 'load') this.#loads--;
    this.#entries.delete(key);
  }

  #makeRoom(): boolean {
    if (this.#entries.size <= this.max) return false;
    if (this.#loads === 0) return this.overflow();
    for (const [key, entry] of this.#entries) {
      if (entry.op !== 'load') continue;
      this.#delete(key);
      break;
    }
    return false;
  }
}
