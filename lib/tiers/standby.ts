import { freshUntilMs, graceMsOf, isOfGeneration } from '../entry/entry.js';
import type { MemoryTier } from '../memory/memory-tier.js';

/** What a tier found under a key. */
export interface Found {
  readonly entry: string;
  readonly tier: 'redis' | 'memory';
  /** Past its ttl and within its grace. */
  readonly isStale: boolean;
}

/** An entry that Redis showed so long ago, or sooner, is recent. */
const RECENT_MS = 1_000;

/** The mark of an entry that Redis did not show. */
const NEVER = -1;

/** Whether an entry may be given to anybody at `nowMs` (server time), and as what. */
export function freshness(entry: string, nowMs: number): 'fresh' | 'stale' | 'expired' {
  const freshUntil = freshUntilMs(entry);
  if (nowMs < freshUntil) return 'fresh';
  return nowMs < freshUntil + graceMsOf(entry) ? 'stale' : 'expired';
}

/**
 * The memory tier in its role as the warm standby: what may be served from it.
 *
 * Invariants: an entry is given only with the current generation and before it expires; an entry that
 * was there when a connection began, and was not seen in Redis since, is suspect (other processes may
 * have changed it while this one could not hear of it) and serves nobody in the next outage.
 */
export class Standby {
  readonly memory: MemoryTier;
  #suspects = new Set<string>();

  constructor(memory: MemoryTier) {
    this.memory = memory;
  }

  get(key: string, generation: string, nowMs: number): Found | undefined {
    const entry = this.memory.get(key)?.entry;
    if (entry === undefined) return undefined;
    const isUsable =
      (this.#suspects.size === 0 || !this.#suspects.has(key)) && isOfGeneration(entry, generation);
    const state = isUsable ? freshness(entry, nowMs) : 'expired';
    if (state === 'expired') {
      this.delete(key);
      return undefined;
    }
    return { entry, tier: 'memory', isStale: state === 'stale' };
  }

  /** Whether there is a fresh value that Redis itself showed within the last second (`at`: local, monotonic). */
  isRecent(key: string, generation: string, nowMs: number, at: number): boolean {
    const mark = this.memory.get(key)?.mark ?? NEVER;
    if (mark === NEVER || at - mark > RECENT_MS) return false;
    return this.get(key, generation, nowMs)?.isStale === false;
  }

  /** Keeps an entry that this process just made, or that Redis just showed: then `seenAt` says when (local, monotonic). */
  keep(key: string, entry: string, seenAt: number = NEVER): void {
    if (this.#suspects.size > 0) this.#suspects.delete(key);
    // Whole milliseconds: a number of its own in memory would cost every entry 16 bytes.
    const mark = Math.floor(seenAt);
    const held = this.memory.get(key);
    // Most of what Redis shows is held already.
    if (held?.entry === entry) held.mark = mark;
    else this.memory.set(key, entry, mark);
  }

  delete(key: string): void {
    if (this.#suspects.size > 0) this.#suspects.delete(key);
    this.memory.delete(key);
  }

  deleteMatching(matches: (key: string) => boolean): void {
    this.memory.deleteMatching(matches);
  }

  /** A connection begins: what is held was made without it. */
  suspectAll(): void {
    this.#suspects = new Set(this.memory.keys());
  }

  /** Memory pushed the key out. */
  forget(key: string): void {
    if (this.#suspects.size > 0) this.#suspects.delete(key);
  }
}
