import { compileGlob } from '../../core/glob.js';

/** `load`: a value made by a loader during an outage; forgotten first when the journal is full. */
export type JournalOp = 'set' | 'delete' | 'load';

export interface JournalEntry {
  readonly op: JournalOp;
  /** Order of recording: what was recorded later is not settled by an earlier acknowledgement. */
  readonly seq: number;
  readonly recordedAt: number;
}

/** Values of other processes are taken to live no longer than this, or than the longest life seen here. */
const SHORTEST_KEEP_MS = 24 * 3_600_000;

interface PatternEntry {
  readonly seq: number;
  readonly matches: (key: string) => boolean;
}

/**
 * The writes that Redis has not acknowledged: the last operation of each key, no values, and the
 * patterns of `clear`.
 *
 * Invariants: a key that is in it, or matches a pattern in it, is never answered from Redis; an entry
 * leaves only when Redis acknowledged something newer for it, or (`load`, which is no one's promise)
 * when there is no room; when there is no room for a promise the whole journal collapses into one
 * overflow, which blocks every key until the generation was changed.
 */
export class Journal {
  readonly max: number;
  readonly #entries = new Map<string, JournalEntry>();
  readonly #patterns = new Map<string, PatternEntry>();
  #loads = 0;
  #seq = 0;
  #overflowSeq = 0;
  #overflows = 0;
  #keepMs = SHORTEST_KEEP_MS;

  constructor(max: number) {
    this.max = max;
  }

  /** What waits for Redis; an overflow counts as full. */
  get size(): number {
    return this.isOverflowed ? this.max : this.#entries.size + this.#patterns.size;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#patterns.size === 0 && !this.isOverflowed;
  }

  get isOverflowed(): boolean {
    return this.#overflowSeq > 0;
  }

  /** How many changes of generation it has come to. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Marks a moment: everything recorded so far has a lower or equal `seq`. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether this record overflowed the journal. */
  record(key: string, op: JournalOp, now: number): boolean {
    const known = this.#entries.get(key);
    // A load does not replace a promise; it was made after it and is covered by it.
    if (op === 'load' && known !== undefined && known.op !== 'load') return false;
    if (op === 'load' && known === undefined && this.#isFull()) return false;
    this.#forget(key);
    this.#entries.set(key, { op, seq: ++this.#seq, recordedAt: now });
    if (op === 'load') this.#loads++;
    return this.#makeRoom(now);
  }

  recordPattern(pattern: string, now: number): boolean {
    this.#patterns.set(pattern, { seq: ++this.#seq, matches: compileGlob(pattern) });
    return this.#makeRoom(now);
  }

  /** A value that lives this long was written: entries must be kept as long. */
  noteLife(ms: number): void {
    if (ms > this.#keepMs) this.#keepMs = ms;
  }

  /** Whether a write of this very key waits. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Whether Redis must not be asked about this key. */
  blocks(key: string): boolean {
    if (this.#entries.size > 0 && this.#entries.has(key)) return true;
    if (this.isOverflowed) return true;
    for (const { matches } of this.#patterns.values()) if (matches(key)) return true;
    return false;
  }

  /** Redis acknowledged something for this key that was sent when the journal was at `seq`. */
  settle(key: string, seq: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.seq <= seq) this.#forget(key);
  }

  settlePattern(pattern: string, seq: number): void {
    const entry = this.#patterns.get(pattern);
    if (entry !== undefined && entry.seq <= seq) this.#patterns.delete(pattern);
  }

  /** The generation was changed by a command that was sent when the journal was at `seq`. */
  settleOverflow(seq: number): void {
    if (this.#overflowSeq <= seq) this.#overflowSeq = 0;
  }

  /** Everything collapses into one change of generation. Whether none was due already. */
  overflow(): boolean {
    const isFirst = !this.isOverflowed;
    if (isFirst) this.#overflows++;
    this.#entries.clear();
    this.#patterns.clear();
    this.#loads = 0;
    this.#overflowSeq = ++this.#seq;
    return isFirst;
  }

  /** A loaded value that memory no longer holds needs no protection. */
  dropLoad(key: string): void {
    if (this.#entries.get(key)?.op === 'load') this.#forget(key);
  }

  /** Forgets what is so old that Redis let go of its value long ago. */
  prune(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.recordedAt >= now - this.#keepMs) return;
      this.#forget(key);
    }
  }

  /** The oldest keys, in the order they were recorded. */
  oldest(count: number): string[] {
    return [...this.#entries.keys()].slice(0, count);
  }

  patterns(): string[] {
    return [...this.#patterns.keys()];
  }

  #forget(key: string): void {
    if (this.#entries.get(key)?.op === 'load') this.#loads--;
    this.#entries.delete(key);
  }

  #isFull(): boolean {
    return this.#entries.size + this.#patterns.size >= this.max;
  }

  #makeRoom(now: number): boolean {
    if (this.#entries.size + this.#patterns.size <= this.max) return false;
    this.prune(now);
    if (this.#entries.size + this.#patterns.size <= this.max) return false;
    if (this.#loads > 0) {
      for (const [key, entry] of this.#entries) {
        if (entry.op !== 'load') continue;
        this.#forget(key);
        return false;
      }
    }
    return this.overflow();
  }
}
