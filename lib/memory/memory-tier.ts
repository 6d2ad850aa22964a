import { LRUCache } from 'lru-cache';

export interface MemoryLimits {
  /** The most entries kept. */
  readonly max: number;
  /** The most bytes of keys and encoded entries kept. */
  readonly maxBytes: number;
}

/** An encoded entry, and a number of the caller's to go with it. */
export interface Held {
  readonly entry: string;
  mark: number;
}

/**
 * The warm standby: encoded entries by key, least recently used out first, bounded by entries and by
 * bytes. It knows nothing of time or of what an entry means.
 */
export class MemoryTier {
  readonly limits: MemoryLimits;
  readonly #entries: LRUCache<string, Held>;

  /** `onEvicted` hears of keys that were pushed out, not of those that were deleted or replaced. */
  constructor(limits: MemoryLimits, onEvicted: (key: string) => void) {
    this.limits = limits;
    this.#entries = new LRUCache({
      max: limits.max,
      maxSize: limits.maxBytes,
      sizeCalculation: ({ entry }, key) => Buffer.byteLength(entry) + Buffer.byteLength(key),
      dispose: (_held, key, reason) => {
        if (reason === 'evict') onEvicted(key);
      },
    });
  }

  get entries(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: string): Held | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: string, mark: number): void {
    this.#entries.set(key, { entry, mark });
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  /** Deletes the keys that `matches` accepts; says how many. */
  deleteMatching(matches: (key: string) => boolean): number {
    let deleted = 0;
    for (const key of [...this.#entries.keys()]) {
      if (matches(key) && this.#entries.delete(key)) deleted++;
    }
    return deleted;
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }
}
