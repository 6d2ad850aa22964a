import type { KeyChange } from '../tiers/store.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** If more keys than this fail at once, the oldest is tried again early. */
const MAX_KEYS = 1_000;

interface Trouble {
  readonly failures: number;
  readonly retryAt: number;
}

/**
 * Decides when a key whose loader failed may be loaded again while a stale value serves: 1 s after the first
 * failure, twice as long after each further one, 30 s at most, counted from the failure.
 */
export class LoadBackoff {
  readonly #troubles = new Map<string, Trouble>();

  failed(key: string, now: number): void {
    const failures = (this.#troubles.get(key)?.failures ?? 0) + 1;
    this.#troubles.delete(key);
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    this.#troubles.set(key, { failures, retryAt: now + pause });
    if (this.#troubles.size > MAX_KEYS) {
      for (const oldest of this.#troubles.keys()) {
        this.#troubles.delete(oldest);
        break;
      }
    }
  }

  /** The key was loaded or changed. */
  reset(key: string): void {
    if (this.#troubles.size > 0) this.#troubles.delete(key);
  }

  /** The change of a tag says nothing of a key. */
  changed(change: KeyChange): void {
    if ('key' in change) this.reset(change.key);
    else if ('matches' in change) this.#resetMatching(change.matches);
  }

  mustWait(key: string, now: number): boolean {
    return now < (this.#troubles.get(key)?.retryAt ?? 0);
  }

  #resetMatching(matches: (key: string) => boolean): void {
    for (const key of this.#troubles.keys()) if (matches(key)) this.#troubles.delete(key);
  }
}
