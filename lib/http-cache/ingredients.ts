import type { Cache } from '../api/cache.js';
import type { Lookup } from '../api/events.js';
import { tagsOf, versionOf } from '../entry/entry.js';
import { tagKey } from '../entry/entry-tags.js';
import type { Found, Store } from '../tiers/store.js';
import { isAnswerKey } from './keys/url-keys.js';
import type { NotStored } from './rules/not-stored.js';

/** A value that an answer was made of: its cache key, and when it was made, in microseconds of the server's clock. */
export type Ingredient = readonly [key: string, version: number];

/**
 * The versions of names that an answer depends on. A name is a cache key; each change of it gives it another version, and
 * without a value it has none.
 */
export interface Versions {
  /** In the order of the names. One round trip for all, however many. */
  of(names: readonly string[]): Promise<readonly (number | undefined)[]>;
  /** The tags of the values, as names. */
  tagNames(names: readonly string[]): Promise<readonly string[]>;
  /** The version that this process has read or loaded a moment ago, if memory has it. */
  known(name: string): number | undefined;
}

/** The versions of the keys of a cache, which are complete. */
export function versionsOf(store: Store): Versions {
  const version = (found: Found | undefined): number | undefined => found && versionOf(found.entry);
  return {
    of: async (names) => (await store.getMany(names)).map(version),
    tagNames: async (names) => {
      const tags = (await store.getMany(names)).flatMap(
        (found) => tagsOf(found?.entry ?? '') ?? [],
      );
      return [...new Set(tags.map(({ tag }) => tagKey(tag)))];
    },
    known: (name) => version(store.peek(name)),
  };
}

/** A name that the edge is to know, and that has no version to be compared: a tag. */
const NAME_ALONE = 0;

/** An answer that was made of more values than this is not stored. */
const MOST_KEYS = 1_000;

export interface IngredientsOptions {
  readonly versions: Versions;
  /** The namespace of the cache. */
  readonly scope: string;
  /** The tags of the route, as names: if one is invalidated while the handler runs, no CDN may keep the answer. */
  readonly tagNames: readonly string[];
}

/**
 * Notes which cached values a handler reads through `req.cache`. An answer is as old as the oldest of them: when one has
 * changed, the answer is out of date.
 */
export class Ingredients {
  readonly #versions: Versions;
  readonly #scope: string;
  readonly #tagNames: readonly string[];
  /** The versions of the route's tags before the handler ran. */
  readonly #tagsBefore: Promise<readonly (number | undefined)[]> | undefined;
  readonly #read = new Map<string, number | undefined>();
  /** Keys that had two versions while the handler ran. */
  readonly #changed = new Set<string>();
  readonly #asking: Promise<void>[] = [];
  #stop: () => void;

  constructor(cache: Cache, { versions, scope, tagNames }: IngredientsOptions) {
    this.#versions = versions;
    this.#scope = scope;
    this.#tagNames = tagNames;
    this.#tagsBefore = tagNames.length > 0 ? versions.of(tagNames) : undefined;
    this.#stop = cache.on('lookup', (lookup) => this.#note(lookup));
  }

  /** The keys that were read. */
  get keys(): readonly string[] {
    return [...this.#read.keys()];
  }

  /** There is nothing to compare. */
  get isEmpty(): boolean {
    return this.#read.size === 0 && this.#tagsBefore === undefined;
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
  }

  /**
   * Whether all values are what they were when the handler read them: reads their versions again. Otherwise why an answer
   * that was made of them may not be stored.
   */
  async check({
    withTags,
  }: {
    readonly withTags: boolean;
  }): Promise<readonly Ingredient[] | NotStored> {
    this.stop();
    if (this.isEmpty) return [];
    if (this.#read.size > MOST_KEYS) return 'too-many-keys';
    await Promise.all(this.#asking);
    const { keys } = this;
    if (this.#changed.size > 0) return 'changed';
    const ingredients: Ingredient[] = [];
    for (const [key, version] of this.#read) {
      if (version === undefined) return 'no-value';
      ingredients.push([key, version]);
    }
    const tags = withTags ? await this.#versions.tagNames(keys) : [];
    // The last thing before the answer is sent: a value that changes now has been purged, or will be.
    const before = (await this.#tagsBefore) ?? [];
    const all = await this.#versions.of([...keys, ...this.#tagNames]);
    const [now, tagsNow] = [all.slice(0, keys.length), all.slice(keys.length)];
    if (tagsNow.some((version, i) => version === undefined || version !== before[i]))
      return 'changed';
    if (!ingredients.every(([, version], i) => version === now[i])) return 'changed';
    return [...ingredients, ...tags.map((name) => [name, NAME_ALONE] as const)];
  }

  #note({ key: own, outcome }: Lookup): void {
    if (isAnswerKey(own) || this.#read.size > MOST_KEYS) return;
    const key = this.#scope + own;
    // A stale value is about to be replaced.
    if (outcome === 'stale') this.#changed.add(key);
    const version = this.#versions.known(key);
    if (version !== undefined) this.#keep(key, version);
    else if (!this.#read.has(key)) this.#read.set(key, undefined);
    // Memory is switched off. After a miss there is no value that the handler has seen.
    if (version === undefined && outcome === 'hit') this.#asking.push(this.#ask(key));
  }

  async #ask(key: string): Promise<void> {
    const [version] = await this.#versions.of([key]);
    if (version !== undefined) this.#keep(key, version);
  }

  #keep(key: string, version: number): void {
    const before = this.#read.get(key);
    if (before !== undefined && before !== version) this.#changed.add(key);
    this.#read.set(key, version);
  }
}

/** Whether the values that a stored answer was made of are what they were then. */
export async function isUpToDate(
  ingredients: readonly Ingredient[],
  versions: Versions,
): Promise<boolean> {
  const compared = ingredients.filter(([, version]) => version !== NAME_ALONE);
  if (compared.length === 0) return true;
  const now = await versions.of(compared.map(([key]) => key));
  return compared.every(([, version], i) => version === now[i]);
}
