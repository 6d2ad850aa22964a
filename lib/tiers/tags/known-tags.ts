import type { TagFacts } from '../../entry/entry-tags.js';

/** At most twice as many tags are known. */
const MAX_TAGS = 5_000;

/** The moment at which Redis is asked. */
export interface AskedTags {
  readonly position: number;
  /** Local, monotonic. */
  readonly at: number;
}

/** What this process knows of a tag from Redis. */
export interface KnownTag extends TagFacts {
  readonly generation: string;
  /** The position at which the version was learned. */
  readonly learnedAt: number;
  /** When Redis was asked last (local, monotonic). */
  askedAt: number;
  /** The record lives until then at least (local, monotonic). */
  livesUntil: number;
  /** An entry with the tag was read or made (local, monotonic). */
  usedAt: number;
}

/**
 * The versions of the tags that were used lately.
 *
 * Two maps: when the younger is full it becomes the older, and what the older held and no one used since is
 * forgotten. A forgotten tag is not known, so Redis is asked.
 */
export class KnownTags {
  #young = new Map<string, KnownTag>();
  #old = new Map<string, KnownTag>();

  get(tag: string): KnownTag | undefined {
    const known = this.#young.get(tag);
    if (known !== undefined) return known;
    const old = this.#old.get(tag);
    if (old !== undefined) this.set(tag, old);
    return old;
  }

  set(tag: string, known: KnownTag): void {
    this.#young.set(tag, known);
    if (this.#young.size < MAX_TAGS) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  forget(tag: string): void {
    this.#young.delete(tag);
    this.#old.delete(tag);
  }

  /** The tags that were used since `moment`, at most `max`. */
  usedSince(moment: number, max: number): readonly string[] {
    const tags: string[] = [];
    for (const map of [this.#young, this.#old]) {
      for (const [tag, { usedAt }] of map) {
        if (usedAt < moment) continue;
        if (tags.length === max) return tags;
        tags.push(tag);
      }
    }
    return tags;
  }
}
