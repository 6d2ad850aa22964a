import type { WriteResult } from '../../api/cache.js';
import type { NewValue, Store, TagMoment, TagVersions } from '../../tiers/store.js';
import type { BulkChange } from './bulk-changes.js';

/**
 * The tags of values that a caller sets. If Redis must be asked for their versions, the change waits, and is then
 * as late as its sending: what invalidates one of the tags in the meantime ends the values, too.
 */
export class TagsOfChange {
  readonly #store: Store;
  readonly #tags: readonly string[];
  readonly #since: TagMoment;
  #versions: TagVersions;
  /** Absent: the versions are known, and nothing waits. */
  readonly ready: Promise<void> | undefined;

  constructor(store: Store, tags: readonly string[], lifeMs: number) {
    this.#store = store;
    this.#tags = tags;
    this.#since = store.tagMoment();
    const asked = store.tagVersions(tags, { lifeMs });
    if (!(asked instanceof Promise)) {
      this.#versions = asked;
      return;
    }
    this.ready = asked.then((versions) => {
      this.#versions = versions;
    });
  }

  /** Call it when the versions are known. */
  put(changes: readonly BulkChange[]): Promise<WriteResult> {
    const isOvertaken = this.#store.tagsChangedSince(this.#tags, this.#since);
    if (isOvertaken) return this.#remove(changes);
    return this.#store.putMany(changes.map(([key, value]) => [key, this.of(value as NewValue)]));
  }

  /** The value with its tags. */
  of(value: NewValue): NewValue {
    return { ...value, tags: this.#versions };
  }

  /** The keys must not keep what was there before this call. */
  async #remove(changes: readonly BulkChange[]): Promise<WriteResult> {
    await this.#store.removeMany(changes.map(([key]) => key));
    return 'deferred';
  }
}
