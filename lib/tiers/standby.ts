import type { Clock } from '../core/time/clock.js';
import { isOfGeneration } from '../entry/entry.js';
import { freshness } from '../entry/freshness.js';
import type { Held, MemoryTier } from '../memory/memory-tier.js';
import { PostponedKeeps } from '../memory/postponed-keeps.js';
import type { Found, StoreState } from './store.js';

/** An entry read from Redis within this time counts as recent. */
const RECENT_MS = 1_000;

/** The mark of an entry that Redis did not show. */
const NEVER = -1;

/** The entry has no other end than its own. */
const NO_END = 0;

/** The conditions for an entry to be returned: it has this generation, and is not expired at this server time. */
export interface Moment {
  readonly generation: string;
  readonly nowMs: number;
}

/** Where a kept entry comes from. */
export interface Origin {
  /** When Redis showed it (local, monotonic); absent: this process made it. */
  readonly seenAt?: number;
  /** It was made while processes could not hear each other: it ends after this time, even if clocks are set. */
  readonly outageTtlMs?: number;
}

export interface SuspectKeys {
  readonly matches: (key: string) => boolean;
  /** Only what Redis showed since then (local, monotonic); absent: all. */
  readonly seenSince?: number;
}

/** The memory tier in its role as the fallback. */
export interface Standby {
  /** `false`: it holds nothing. */
  readonly isOn: boolean;
  get(key: string, moment: Moment): Found | undefined;
  /** Whether there is a fresh value that Redis itself showed within the last second. */
  isRecent(key: string, moment: Moment): boolean;
  keep(key: string, entry: string, origin?: Origin): void;
  /** The connection was lost before Redis acknowledged the entry: it ends after `outageTtlMs` at most. */
  limit(key: string, outageTtlMs: number): void;
  delete(key: string): void;
  deleteMatching(matches: (key: string) => boolean): void;
  /**
   * Other processes may have changed these keys without our knowledge. Their entries are not returned until
   * Redis shows them again.
   */
  suspect(keys: SuspectKeys): void;
  /** Another process has changed the key. This entry is not returned until Redis shows it again. */
  distrust(key: string, entry: string): void;
  /** Whether the key was used more than once, so that memory protects it. */
  isHot(key: string): boolean;
  /** Memory evicted the key. */
  evicted(key: string): void;
  readonly state: StoreState['memory'];
}

/**
 * Invariants: an entry is returned only with the current generation and before it expires; an entry that was
 * there when a connection began, and that Redis has not shown since, is suspect (another process may have
 * changed it without our knowledge) and is not returned in the next outage.
 */
export class MemoryStandby implements Standby {
  readonly isOn = true;
  /** Ask it only when nothing is postponed. */
  readonly #tier: MemoryTier;
  readonly #clock: Clock;
  readonly #suspects = new Set<string>();
  readonly #postponed: PostponedKeeps;

  constructor(memory: MemoryTier, clock: Clock) {
    this.#tier = memory;
    this.#clock = clock;
    this.#postponed = new PostponedKeeps({
      max: memory.limits.max,
      holds: (key) => memory.peek(key) !== undefined,
      keep: (key, entry, mark) => this.#keepNow(key, { entry, mark, until: NO_END }),
      delete: (key) => this.#deleteNow(key),
      passOver: (key) => memory.passOver(key),
    });
  }

  get(key: string, { generation, nowMs }: Moment): Found | undefined {
    const held = this.#memory.get(key);
    if (held === undefined) return undefined;
    const isUsable =
      !this.#suspects.has(key) &&
      isOfGeneration(held.entry, generation) &&
      (held.until === NO_END || this.#clock.now() < held.until);
    const state = isUsable ? freshness(held.entry, nowMs) : 'expired';
    if (state === 'expired') {
      this.delete(key);
      return undefined;
    }
    return { entry: held.entry, tier: 'memory', isStale: state === 'stale' };
  }

  isRecent(key: string, moment: Moment): boolean {
    const mark = this.#memory.get(key)?.mark ?? NEVER;
    if (mark === NEVER || this.#clock.now() - mark > RECENT_MS) return false;
    return this.get(key, moment)?.isStale === false;
  }

  keep(key: string, entry: string, { seenAt, outageTtlMs }: Origin = {}): void {
    // Whole milliseconds: a number of its own in memory would cost every entry 16 bytes.
    const mark = seenAt === undefined ? NEVER : Math.floor(seenAt);
    if (outageTtlMs === undefined) {
      this.#postponed.add(key, entry, mark);
      return;
    }
    this.#postponed.settle();
    this.#keepNow(key, { entry, mark, until: this.#endOf(outageTtlMs) });
  }

  limit(key: string, outageTtlMs: number): void {
    const held = this.#memory.peek(key);
    if (held === undefined) return;
    const until = this.#endOf(outageTtlMs);
    if (held.until === NO_END || held.until > until) held.until = until;
  }

  delete(key: string): void {
    this.#postponed.add(key, '', NEVER);
  }

  deleteMatching(matches: (key: string) => boolean): void {
    this.#memory.deleteMatching(matches);
  }

  suspect({ matches, seenSince = NEVER }: SuspectKeys): void {
    for (const key of this.#memory.keys()) {
      const held = this.#memory.peek(key);
      if (held !== undefined && held.mark >= Math.floor(seenSince) && matches(key))
        this.#suspects.add(key);
    }
  }

  distrust(key: string, entry: string): void {
    if (this.#memory.peek(key)?.entry === entry) this.#suspects.add(key);
  }

  isHot(key: string): boolean {
    return this.#memory.isProtected(key);
  }

  evicted(key: string): void {
    this.#suspects.delete(key);
  }

  get state(): StoreState['memory'] {
    const { entries, bytes, limits } = this.#memory;
    return { entries, max: limits.max, bytes, maxBytes: limits.maxBytes };
  }

  get #memory(): MemoryTier {
    this.#postponed.settle();
    return this.#tier;
  }

  #keepNow(key: string, entry: Held): void {
    this.#suspects.delete(key);
    const held = this.#tier.get(key);
    // Memory already holds most entries that Redis shows.
    if (held?.entry !== entry.entry) {
      this.#tier.set(key, entry);
      return;
    }
    held.mark = entry.mark;
    held.until = entry.until;
  }

  #deleteNow(key: string): void {
    this.#suspects.delete(key);
    this.#tier.delete(key);
  }

  #endOf(outageTtlMs: number): number {
    return Math.floor(this.#clock.now() + outageTtlMs);
  }
}

/** The fallback that is switched off: it holds nothing. */
export const NO_STANDBY: Standby = {
  isOn: false,
  get: () => undefined,
  isRecent: () => false,
  keep: () => {},
  limit: () => {},
  delete: () => {},
  deleteMatching: () => {},
  suspect: () => {},
  distrust: () => {},
  isHot: () => false,
  evicted: () => {},
  state: null,
};
