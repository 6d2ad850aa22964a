import { type Held, Segment } from './segment.js';

export type { Held } from './segment.js';

export interface MemoryLimits {
  /** The most entries kept. */
  readonly max: number;
  /** The most bytes of keys, encoded entries and decoded values kept. */
  readonly maxBytes: number;
}

/** Which limit was reached. */
export type EvictionReason = 'entries' | 'bytes';

type OnEvicted = (key: string, reason: EvictionReason) => void;

/** The share of memory reserved for entries that were read more than once. */
const PROTECTED_SHARE = 0.8;

/**
 * The warm standby: encoded entries by key, bounded by entries and by bytes. It knows nothing of time or of
 * what an entry means.
 *
 * A segmented LRU (Karedla, Love and Wherry, "Caching strategies to improve disk system performance", 1994): an
 * entry is on probation until it is used again, and protected from then on. The least recently used entry on
 * probation makes room, so an entry that is read once cannot push out one that is read all the time. When there
 * are too many protected entries, the least recently used of them goes back on probation.
 */
export class MemoryTier {
  readonly limits: MemoryLimits;
  readonly #onEvicted: OnEvicted;
  readonly #probation: Segment;
  readonly #protected: Segment | undefined;

  /** `onEvicted` gets the keys that were pushed out, not those that were deleted or replaced. */
  constructor(limits: MemoryLimits, onEvicted: OnEvicted) {
    this.limits = limits;
    this.#onEvicted = onEvicted;
    this.#probation = new Segment(limits, (key) => onEvicted(key, this.#limitReached));
    const max = Math.floor(limits.max * PROTECTED_SHARE);
    const maxBytes = Math.floor(limits.maxBytes * PROTECTED_SHARE);
    if (max > 0 && maxBytes > 0) {
      this.#protected = new Segment({ max, maxBytes }, (key, held) =>
        this.#probation.set(key, held),
      );
    }
  }

  get entries(): number {
    return this.#probation.size + (this.#protected?.size ?? 0);
  }

  get bytes(): number {
    return this.#probation.bytes + (this.#protected?.bytes ?? 0);
  }

  get(key: string): Held | undefined {
    return this.#protected?.get(key) ?? this.#usedAgain(key);
  }

  /** Returns an entry without counting as a use. */
  peek(key: string): Held | undefined {
    return this.#protected?.peek(key) ?? this.#probation.peek(key);
  }

  /** Whether the entry was used more than once. Too small a memory protects nothing, and then all count. */
  isProtected(key: string): boolean {
    return (this.#protected ?? this.#probation).has(key);
  }

  set(key: string, held: Held): void {
    if (this.#protected?.has(key)) {
      this.#protected.set(key, held);
      // It may have grown too large for the protected.
      if (!this.#protected.has(key)) this.#probation.set(key, held);
    } else this.#probation.set(key, held);
    this.#makeRoom();
  }

  delete(key: string): boolean {
    return this.#protected?.delete(key) === true || this.#probation.delete(key);
  }

  /** Counts an entry that was pushed out before it was set. */
  passOver(key: string): void {
    this.#onEvicted(key, 'entries');
  }

  /** Deletes the keys that `matches` accepts and returns their number. */
  deleteMatching(matches: (key: string) => boolean): number {
    let deleted = 0;
    for (const key of this.keys()) {
      if (matches(key) && this.delete(key)) deleted++;
    }
    return deleted;
  }

  keys(): string[] {
    return [...this.#probation.keys(), ...(this.#protected?.keys() ?? [])];
  }

  /** If both are reached, it counts as the limit on entries. */
  get #limitReached(): EvictionReason {
    return this.entries >= this.limits.max ? 'entries' : 'bytes';
  }

  #usedAgain(key: string): Held | undefined {
    const held = this.#probation.get(key);
    if (held === undefined || this.#protected === undefined) return held;
    this.#protected.set(key, held);
    // Too large for the protected, it stays where it is.
    if (this.#protected.has(key)) this.#probation.delete(key);
    return held;
  }

  /** Counts both segments, because neither knows the size of the other. */
  #makeRoom(): void {
    const { max, maxBytes } = this.limits;
    while (this.entries > max || this.bytes > maxBytes) {
      // The newest entry is on probation, and stays.
      if (this.#probation.size > 1) this.#probation.evict();
      else this.#evictProtected();
    }
  }

  #evictProtected(): void {
    const key = this.#protected?.deleteOldest();
    if (key !== undefined) this.#onEvicted(key, this.#limitReached);
  }
}
