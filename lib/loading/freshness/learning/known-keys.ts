/** What is known of one key. Times and durations are milliseconds of the given clock. */
export interface KnownKey {
  /** The fingerprint of its value. */
  value: number;
  /** When that was loaded; `NaN`: the key was changed through the cache since, so the next load shows no change. */
  loadedAt: number;
  /** When it expires. */
  endsAt: number;
  /** The lifetime that the user gave it. */
  ttlMs: number;
  /** When the value changed last, as far as loads show. */
  changedAt: number;
  /** Whether a change was seen at all. */
  hasChanged: boolean;
  /** Changes that loads let expect, and the time in which they were: both fade. */
  changes: number;
  watchedMs: number;
  /** Reads, and the time in which they were: both fade. */
  reads: number;
  readMs: number;
  /** Reads since the last load. */
  readsSince: number;
}

/** Remembers at most `max` keys, by their fingerprints: those that were loaded last. */
export class KnownKeys {
  readonly #max: number;
  /** In the order of their last loads. */
  readonly #keys = new Map<number, KnownKey>();

  constructor(max: number) {
    this.#max = max;
  }

  find(key: number): KnownKey | undefined {
    return this.#keys.get(key);
  }

  /** The key was loaded, so it is the last to be forgotten. */
  keep(key: number, known: KnownKey): void {
    if (!this.#keys.delete(key) && this.#keys.size >= this.#max) this.#forgetOldest();
    this.#keys.set(key, known);
  }

  get size(): number {
    return this.#keys.size;
  }

  #forgetOldest(): void {
    for (const key of this.#keys.keys()) {
      this.#keys.delete(key);
      return;
    }
  }
}
