import type { TagVersion } from '../../entry/entry-tags.js';
import type { NewValue, Store, TagVersions } from '../../tiers/store.js';
import type { Flight } from '../flight/flight.js';
import type { LoadConfig } from '../loading-options.js';
import type { Lifetimes } from './lifetimes.js';

const NONE: readonly TagVersion[] = [];

/** A loaded value, and the tags that its loader has named. */
export interface TaggedValue {
  readonly flight: Flight;
  readonly value: NewValue;
  readonly named: readonly string[];
}

/** What is to be loaded. */
interface TaggedLoad {
  readonly store: Store;
  readonly config: LoadConfig;
  readonly flights: readonly Flight[];
}

/**
 * The tags of the values of one load: those that are known before the loader runs, and those that it names.
 *
 * Invariant: a value gets the versions that its tags had before its load began. If that cannot be known, it is
 * not stored.
 */
export class LoadTags {
  readonly #store: Store;
  readonly #asked: TagVersions | Promise<TagVersions>;
  readonly #known: ReadonlySet<string>;
  #versions: readonly TagVersion[] = NONE;

  /** The tags of an order. They are remembered as long as one of its values may live. */
  static of({ store, config, flights }: TaggedLoad, lifetimes: Lifetimes | undefined): LoadTags {
    if (lifetimes === undefined || config.tags.length === 0) return new LoadTags(store, config);
    const longest = flights.map(({ key }) => lifetimes.longestMs(key, config.ttlMs));
    const ttlMs = longest.reduce((a, b) => Math.max(a, b), config.ttlMs);
    return new LoadTags(store, { ...config, ttlMs });
  }

  /** Asks for the versions of the tags that are known. */
  constructor(store: Store, { tags, ttlMs, graceMs }: LoadConfig) {
    this.#store = store;
    this.#known = new Set(tags);
    this.#asked = tags.length === 0 ? NONE : store.tagVersions(tags, { lifeMs: ttlMs + graceMs });
  }

  /** Present until the versions are known. Await it before the loader runs. */
  get ready(): Promise<void> | undefined {
    if (!(this.#asked instanceof Promise)) {
      this.#versions = this.#asked ?? NONE;
      return undefined;
    }
    return this.#asked.then((versions) => {
      this.#versions = versions ?? NONE;
    });
  }

  /** The tags that the loader has named besides those that were known. If one was invalidated since, voids the flight. */
  named(flight: Flight, tags: readonly string[]): readonly string[] {
    const named = tags.filter((tag) => !this.#known.has(tag));
    if (named.length === 0) return named;
    flight.addTags(named);
    if (this.#store.tagsChangedSince(named, flight.group.since)) flight.outdate();
    return named;
  }

  /** The values with their tags, in their order; `undefined`: must not be stored. */
  apply(
    values: readonly TaggedValue[],
  ): readonly (NewValue | undefined)[] | Promise<readonly (NewValue | undefined)[]> {
    const tagged = values.map((each) => this.#applyTo(each));
    return tagged.some((each) => each instanceof Promise)
      ? Promise.all(tagged)
      : (tagged as readonly (NewValue | undefined)[]);
  }

  #applyTo({
    flight,
    value,
    named,
  }: TaggedValue): NewValue | undefined | Promise<NewValue | undefined> {
    if (named.length === 0) return this.#with(value, NONE);
    const need = { lifeMs: value.ttlMs + value.graceMs, since: flight.group.since };
    const versions = this.#store.tagVersions(named, need);
    return versions instanceof Promise
      ? versions.then((found) => this.#with(value, found))
      : this.#with(value, versions);
  }

  #with(value: NewValue, named: TagVersions): NewValue | undefined {
    if (named === undefined) return undefined;
    const tags = [...this.#versions, ...named];
    return tags.length === 0 ? value : { ...value, tags };
  }
}
