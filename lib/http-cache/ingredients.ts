import type { Cache } from '../api/cache.js';
import type { Lookup } from '../api/events.js';
import { versionOf } from '../entry/entry.js';
import type { Found, Store } from '../tiers/store.js';
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
  /** The version that this process has read or loaded a moment ago, if memory has it. */
  known(name: string): number | undefined;
}

/** The versions of the keys of a cache. */
export function versionsOf(store: Store): Versions {
  const version = (found: Found | undefined): number | undefined => found && versionOf(found.entry);
  return {
    of: async (names) => (await store.getMany(names)).map(version),
    known: (name) => version(store.peek(name)),
  };
}

/** An answer that was made of more values than this is not stored. */
const MOST_KEYS = 1_000;

/** Keys of stored answers. */
const ANSWER = 'http:';

/**
 * Notes which cached values a handler reads through `req.cache`. An answer is as old as the oldest of them: when one has
 * changed, the answer is out of date.
 */
export class Ingredients {
  readonly #versions: Versions;
  readonly #read = new Map<string, number | undefined>();
  /** Keys that had two versions while the handler ran. */
  readonly #changed = new Set<string>();
  readonly #asking: Promise<void>[] = [];
  #stop: () => void;

  constructor(cache: Cache, versions: Versions) {
    this.#versions = versions;
    this.#stop = cache.on('lookup', (lookup) => this.#note(lookup));
  }

  /** The keys that were read. */
  get keys(): readonly string[] {
    return [...this.#read.keys()];
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
  }

  /**
   * Whether all values are what they were when the handler read them: reads their versions again. Otherwise why an answer
   * that was made of them may not be stored.
   */
  async check(): Promise<readonly Ingredient[] | NotStored> {
    this.stop();
    if (this.#read.size === 0) return [];
    if (this.#read.size > MOST_KEYS) return 'too-many-keys';
    await Promise.all(this.#asking);
    const { keys } = this;
    if (this.#changed.size > 0) return 'changed';
    const ingredients: Ingredient[] = [];
    for (const [key, version] of this.#read) {
      if (version === undefined) return 'no-value';
      ingredients.push([key, version]);
    }
    const now = await this.#versions.of(keys);
    return ingredients.every(([, version], i) => version === now[i]) ? ingredients : 'changed';
  }

  #note({ key, outcome }: Lookup): void {
    if (key.startsWith(ANSWER) || this.#read.size > MOST_KEYS) return;
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
  if (ingredients.length === 0) return true;
  const now = await versions.of(ingredients.map(([key]) => key));
  return ingredients.every(([, version], i) => version === now[i]);
}
