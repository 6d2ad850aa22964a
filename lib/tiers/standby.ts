import type { Clock } from '../core/time/clock.js';
import { plainJsonOf } from '../entry/codec.js';
import { isOfGeneration, payloadOffset } from '../entry/entry.js';
import { type Freshness, freshness, freshUntilMs } from '../entry/freshness.js';
import { bytesOf, decodeFor, type Kept, type Share } from '../entry/sharing.js';
import type { Held, MemoryTier } from '../memory/memory-tier.js';
import { PostponedKeeps } from '../memory/postponed-keeps.js';
import type { Found, StoreState } from './store.js';

/** An entry read from Redis within this time counts as recent. */
const RECENT_MS = 1_000;

/** The mark of an entry that Redis did not show. */
const NEVER = -1;

/** A frozen value above this share of the memory is not kept beside its text: it would push out the rest. */
const LARGEST_SHARE = 1 / 4;

/** The value of a longer text is not kept only to be copied, nor any if the memory is more than this full. */
const LONGEST_COPIED = 4_096;
const FULLEST = 1 / 2;

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
  readonly #share: Share;
  readonly #suspects = new Set<string>();
  readonly #postponed: PostponedKeeps;

  constructor(memory: MemoryTier, clock: Clock, share: Share = 'copy') {
    this.#tier = memory;
    this.#clock = clock;
    this.#share = share;
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
      !(this.#suspects.size > 0 && this.#suspects.has(key)) &&
      isOfGeneration(held.entry, generation) &&
      (held.until === NO_END || this.#clock.now() < held.until);
    const state = isUsable ? stateOf(held, nowMs) : 'expired';
    if (state === 'expired') {
      this.delete(key);
      return undefined;
    }
    const isStale = state === 'stale';
    return { entry: held.entry, tier: 'memory', isStale, kept: this.#keptOf(key, held) };
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

  /** The value of an entry, decoded once; `undefined`: each caller decodes it for itself. */
  #keptOf(key: string, held: Held): Kept | undefined {
    if (held.kept !== undefined) return held.kept ?? undefined;
    const kept = this.#isWorthKeeping(held.entry) ? keptIn(held.entry, this.#share) : undefined;
    const isKept = kept !== undefined && kept.bytes <= this.#tier.limits.maxBytes * LARGEST_SHARE;
    // A new object, so that memory counts its bytes again.
    if (isKept) this.#tier.set(key, { ...held, kept });
    else held.kept = null;
    return isKept ? kept : undefined;
  }

  #isWorthKeeping(entry: string): boolean {
    if (this.#share === 'frozen') return true;
    const { bytes, limits } = this.#tier;
    return entry.length <= LONGEST_COPIED && bytes <= limits.maxBytes * FULLEST;
  }

  #deleteNow(key: string): void {
    this.#suspects.delete(key);
    this.#tier.delete(key);
  }

  #endOf(outageTtlMs: number): number {
    return Math.floor(this.#clock.now() + outageTtlMs);
  }
}

function stateOf({ entry, kept }: Held, nowMs: number): Freshness {
  const isFresh = kept !== undefined && kept !== null && nowMs < kept.freshUntilMs;
  return isFresh ? 'fresh' : freshness(entry, nowMs);
}

/** The value, if it can be frozen, or (`copy`) copied. */
function keptIn(entry: string, share: Share): Kept | undefined {
  try {
    const offset = payloadOffset(entry);
    if (share === 'copy' && plainJsonOf(entry, offset) === undefined) return undefined;
    const { value, isFrozen } = decodeFor(share, entry, offset);
    if (share === 'frozen' && !isFrozen) return undefined;
    return { value, isFrozen, bytes: bytesOf(value), freshUntilMs: freshUntilMs(entry) };
  } catch {
    // The caller finds out, and reports it.
    return undefined;
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
