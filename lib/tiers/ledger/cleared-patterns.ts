import { compilePattern, depthOf } from '../../entry/key-pattern.js';
import type { ServerTime, Stamp } from '../../redis/server-time.js';

interface Cleared {
  readonly matches: (key: string) => boolean;
  /** Only keys of this depth match. */
  readonly depth: number;
  /** Entries with a version up to its `high` were cleared. */
  stamp: Stamp;
  seq: number;
  /** When Redis was swept (local, monotonic); until then the pattern waits for it. */
  sweptAt: number | undefined;
}

/** More waiting patterns with a wildcard before their end would make every read slow. */
const MAX_GLOBS = 64;

/** A prefix with one star at its end. A map look-up matches it. */
const PREFIX_PATTERN = /^[^*?[\\]*\*$/;

/**
 * The cleared patterns, each with the time of its clear. A matching entry that is not younger counts as absent.
 *
 * Invariants: a pattern waits until a scan that began after its clear has swept Redis; it filters for a while
 * longer, because a write that was lost before the clear may still run behind the sweep.
 */
export class ClearedPatterns {
  readonly #patterns = new Map<string, Cleared>();
  /** The patterns of the form `prefix*`, by the length of the prefix and by the prefix. */
  readonly #prefixes = new Map<number, Map<string, Cleared>>();
  readonly #globs = new Set<Cleared>();
  readonly #time: Pick<ServerTime, 'renewed'>;
  #waiting = 0;
  #seq = 0;

  constructor(time: Pick<ServerTime, 'renewed'>) {
    this.#time = time;
  }

  /** Patterns that wait for a sweep. */
  get waiting(): number {
    return this.#waiting;
  }

  get isEmpty(): boolean {
    return this.#patterns.size === 0;
  }

  /** More patterns would make reads slow. A change of generation is cheaper. */
  get isTooMany(): boolean {
    return this.#globs.size > MAX_GLOBS;
  }

  /** Marks a moment: everything recorded so far has a lower or equal `seq`. */
  get seq(): number {
    return this.#seq;
  }

  record(pattern: string, stamp: Stamp): void {
    const known = this.#patterns.get(pattern);
    if (known !== undefined) {
      if (known.sweptAt !== undefined) this.#waiting++;
      if (stamp.high > known.stamp.high) known.stamp = stamp;
      known.seq = ++this.#seq;
      known.sweptAt = undefined;
      return;
    }
    const own = { matches: compilePattern(pattern), depth: depthOf(pattern) };
    const cleared: Cleared = { ...own, stamp, seq: ++this.#seq, sweptAt: undefined };
    this.#waiting++;
    this.#patterns.set(pattern, cleared);
    if (PREFIX_PATTERN.test(pattern)) this.#prefixMap(pattern).set(pattern.slice(0, -1), cleared);
    else this.#globs.add(cleared);
    if (this.isTooMany) this.#dropSweptGlobs();
  }

  /** Entries of the key with a version up to this are cleared; 0 when no pattern matches. */
  limitOf(key: string): number {
    if (this.#patterns.size === 0) return 0;
    const depth = depthOf(key);
    let limit = 0;
    for (const [length, prefixes] of this.#prefixes) {
      if (key.length < length) continue;
      const cleared = prefixes.get(key.slice(0, length));
      if (cleared?.depth === depth) limit = Math.max(limit, this.#limitOf(cleared));
    }
    for (const cleared of this.#globs) {
      const own = this.#limitOf(cleared);
      if (own > limit && cleared.matches(key)) limit = own;
    }
    return limit;
  }

  /** Every pattern, also those that were swept a moment ago. */
  all(): readonly (readonly [string, Stamp])[] {
    return [...this.#patterns].map(([pattern, { stamp }]) => [pattern, stamp] as const);
  }

  /** A scan that began when the patterns were at `seq` has swept Redis. Returns the patterns that waited for it. */
  settle(seq: number, now: number): { readonly pattern: string; readonly stamp: Stamp }[] {
    const settled: { pattern: string; stamp: Stamp }[] = [];
    for (const [pattern, cleared] of this.#patterns) {
      if (cleared.seq > seq || cleared.sweptAt !== undefined) continue;
      cleared.sweptAt = now;
      this.#waiting--;
      settled.push({ pattern, stamp: cleared.stamp });
    }
    return settled;
  }

  /** Drops the patterns that were swept before `moment`. */
  dropSweptBefore(moment: number): void {
    for (const [pattern, cleared] of this.#patterns) {
      if (cleared.sweptAt !== undefined && cleared.sweptAt < moment) this.#delete(pattern, cleared);
    }
  }

  /** A change of generation covers the patterns that were recorded up to `seq`. */
  clear(seq: number = this.#seq): void {
    for (const [pattern, cleared] of this.#patterns) {
      if (cleared.seq <= seq) this.#delete(pattern, cleared);
    }
  }

  #limitOf({ stamp }: Cleared): number {
    return this.#time.renewed(stamp).high;
  }

  /** Swept patterns only guard against writes that were lost before their clear. */
  #dropSweptGlobs(): void {
    for (const [pattern, cleared] of this.#patterns) {
      const isSwept = cleared.sweptAt !== undefined && this.#globs.has(cleared);
      if (isSwept) this.#delete(pattern, cleared);
    }
  }

  #delete(pattern: string, cleared: Cleared): void {
    if (cleared.sweptAt === undefined) this.#waiting--;
    this.#patterns.delete(pattern);
    this.#globs.delete(cleared);
    if (!PREFIX_PATTERN.test(pattern)) return;
    const prefixes = this.#prefixMap(pattern);
    prefixes.delete(pattern.slice(0, -1));
    if (prefixes.size === 0) this.#prefixes.delete(pattern.length - 1);
  }

  #prefixMap(pattern: string): Map<string, Cleared> {
    const length = pattern.length - 1;
    const known = this.#prefixes.get(length);
    if (known !== undefined) return known;
    const created = new Map<string, Cleared>();
    this.#prefixes.set(length, created);
    return created;
  }
}
