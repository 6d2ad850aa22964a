import { LRUCache } from 'lru-cache';
import type { Kept } from '../entry/sharing.js';

export interface SegmentLimits {
  readonly max: number;
  readonly maxBytes: number;
}

/** An encoded entry and numbers the caller attaches to it. */
export interface Held {
  readonly entry: string;
  mark: number;
  until: number;
  /** Its value, decoded; `null`: it is not kept. Absent: no caller has asked for it. */
  kept?: Kept | null;
}

/**
 * An LRU cache, bounded by entries and by bytes. `lru-cache` clears all its arrays when the only entry is
 * deleted, which takes as long as the cache is large; this class does not.
 */
export class Segment {
  readonly #lru: LRUCache<string, Held>;
  #isDeleting = false;

  /** `onEvicted` gets what was pushed out, not what was deleted or replaced. */
  constructor({ max, maxBytes }: SegmentLimits, onEvicted: (key: string, held: Held) => void) {
    this.#lru = new LRUCache({
      max,
      maxSize: maxBytes,
      sizeCalculation: ({ entry, kept }, key) =>
        Buffer.byteLength(entry) + Buffer.byteLength(key) + (kept?.bytes ?? 0),
      dispose: (held, key, reason) => {
        if (reason === 'evict' && !this.#isDeleting) onEvicted(key, held);
      },
    });
  }

  get size(): number {
    return this.#lru.size;
  }

  get bytes(): number {
    return this.#lru.calculatedSize;
  }

  get(key: string): Held | undefined {
    return this.#lru.get(key);
  }

  /** Returns an entry without counting as a use. */
  peek(key: string): Held | undefined {
    return this.#lru.peek(key);
  }

  has(key: string): boolean {
    return this.#lru.has(key);
  }

  /** An entry larger than the whole segment is not kept. */
  set(key: string, held: Held): void {
    this.#lru.set(key, held);
  }

  delete(key: string): boolean {
    if (this.#lru.size !== 1) return this.#lru.delete(key);
    if (!this.#lru.has(key)) return false;
    this.#isDeleting = true;
    this.#lru.pop();
    this.#isDeleting = false;
    return true;
  }

  /** Deletes the least recently used entry and returns its key. */
  deleteOldest(): string | undefined {
    for (const key of this.#lru.rkeys()) {
      this.delete(key);
      return key;
    }
    return undefined;
  }

  /** Evicts the least recently used entry. */
  evict(): void {
    this.#lru.pop();
  }

  keys(): IterableIterator<string> {
    return this.#lru.keys();
  }
}
