import type { TagVersion } from '../../entry/entry-tags.js';
import type { NewValue, Store, TagMoment, TagVersions } from '../../tiers/store.js';
import type { Flight } from '../flight/flight.js';
import type { LoadConfig } from '../loading-options.js';
import type { Lifetimes } from './lifetimes.js';

const NONE: readonly TagVersion[] = [];

/** A loaded value, and the tags that its loader has named. `value` is absent if it goes to its callers alone. */
export interface TaggedValue {
  readonly flight: Flight;
  readonly value: NewValue | undefined;
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
 * Invariants: a value gets the versions that its tags had before its load began; if one of its tags was invalidated
 * since, or that cannot be known, the value is not stored and goes to no caller that came later.
 */
export class LoadTags {
  readonly #store: Store;
  readonly #asked: TagVersions | Promise<TagVersions>;
  readonly #known: ReadonlySet<string>;
  readonly #lifeMs: number;
  #versions: readonly TagVersion[] = NONE;
  /** When the versions were known. */
  #since: TagMoment | undefined;

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
    this.#lifeMs = ttlMs + graceMs;
    this.#asked = tags.length === 0 ? NONE : store.tagVersions(tags, { lifeMs: this.#lifeMs });
  }

  /** Present until the versions are known. Await it before the loader runs. */
  get ready(): Promise<void> | undefined {
    if (this.#asked instanceof Promise) return this.#asked.then((found) => this.#begin(found));
    this.#begin(this.#asked);
    return undefined;
  }

  #begin(versions: TagVersions): void {
    this.#versions = versions ?? NONE;
    if (this.#known.size > 0) this.#since = this.#store.tagMoment();
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
    const known = this.#askAgain();
    return known instanceof Promise
      ? known.then((found) => this.#applyAll(values, found))
      : this.#applyAll(values, known);
  }

  /**
   * A load may take longer than its process asks for its tags. `undefined`: one of those that were known may have been
   * invalidated since.
   */
  #askAgain(): TagVersions | Promise<TagVersions> {
    if (this.#known.size === 0) return NONE;
    return this.#store.tagVersions([...this.#known], { lifeMs: this.#lifeMs, since: this.#since });
  }

  #applyAll(
    values: readonly TaggedValue[],
    known: TagVersions,
  ): readonly (NewValue | undefined)[] | Promise<readonly (NewValue | undefined)[]> {
    const tagged = values.map((each) => this.#applyTo(each, known));
    return tagged.some((each) => each instanceof Promise)
      ? Promise.all(tagged)
      : (tagged as readonly (NewValue | undefined)[]);
  }

  #applyTo(
    each: TaggedValue,
    known: TagVersions,
  ): NewValue | undefined | Promise<NewValue | undefined> {
    const { flight, value, named } = each;
    if (known === undefined || named.length === 0) return this.#with(each, known && NONE);
    const lifeMs = value === undefined ? 0 : value.ttlMs + value.graceMs;
    const versions = this.#store.tagVersions(named, { lifeMs, since: flight.group.since });
    return versions instanceof Promise
      ? versions.then((found) => this.#with(each, found))
      : this.#with(each, versions);
  }

  #with({ flight, value }: TaggedValue, named: TagVersions): NewValue | undefined {
    if (named === undefined) {
      flight.outdate();
      return undefined;
    }
    const tags = [...this.#versions, ...named];
    return value === undefined || tags.length === 0 ? value : { ...value, tags };
  }
}
