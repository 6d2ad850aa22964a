/** The most variants of one URL that a process keeps. */
export const MAX_VARIANTS = 32;

/** The most URLs that are remembered. */
const MAX_URLS = 1_000;

interface Page {
  readonly names: Set<string>;
  /** Keys of variants, the oldest first. */
  readonly keys: Set<string>;
}

/** What a process remembers of URLs whose answers vary. Bounded; what is forgotten costs one more run of a handler. */
export class VariantBook {
  readonly #pages = new Map<string, Page>();

  /** All headers by which answers of this URL have varied so far, these ones included. */
  namesOf(url: string, more: readonly string[]): readonly string[] {
    const { names } = this.#page(url);
    for (const name of more) names.add(name);
    return [...names].sort();
  }

  /** A variant was stored. Returns the key of one that is to be deleted, if there are too many. */
  add(url: string, key: string): string | undefined {
    const { keys } = this.#page(url);
    keys.delete(key);
    keys.add(key);
    if (keys.size <= MAX_VARIANTS) return undefined;
    const [oldest] = keys;
    keys.delete(oldest as string);
    return oldest;
  }

  #page(url: string): Page {
    const page = this.#pages.get(url) ?? { names: new Set(), keys: new Set() };
    this.#pages.delete(url);
    this.#pages.set(url, page);
    if (this.#pages.size > MAX_URLS) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest as string);
    }
    return page;
  }
}
