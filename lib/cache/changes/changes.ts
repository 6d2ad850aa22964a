import type { WriteResult } from '../../api/cache.js';
import type { SetOptions } from '../../api/loading.js';
import { promised } from '../../core/promised.js';
import type { NewValue, Store } from '../../tiers/store.js';
import type { CacheParts } from '../cache-parts.js';
import type { BulkChange } from './bulk-changes.js';
import { TagsOfChange } from './tags-of-change.js';

/** The methods of a handle that change values. */
export class Changes {
  readonly #parts: Pick<CacheParts, 'args' | 'bulkChanges' | 'config'>;
  readonly #store: Store;

  constructor(parts: Pick<CacheParts, 'args' | 'bulkChanges' | 'config'>, store: Store) {
    this.#parts = parts;
    this.#store = store;
  }

  set(key: string, value: unknown, options: SetOptions | undefined): Promise<WriteResult> {
    const { args } = this.#parts;
    return promised(() => {
      const full = args.changedKey(key);
      const newValue = args.newValue(value, args.ttlMs(options));
      const tags = args.tags(options);
      if (tags.length === 0) return this.#store.put(full, newValue);
      const tagged = new TagsOfChange(this.#store, tags, newValue.ttlMs + newValue.graceMs);
      if (tagged.ready === undefined) return this.#store.put(full, tagged.of(newValue));
      return this.#putMany([full], () => [full, newValue], tagged);
    });
  }

  setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult> {
    const { args, config } = this.#parts;
    return promised(() => {
      const ttlMs = args.ttlMs(options);
      const tags = args.tags(options);
      const list = args.entryList(entries);
      const lifeMs = ttlMs + config.load.graceMs;
      const tagged = tags.length === 0 ? undefined : new TagsOfChange(this.#store, tags, lifeMs);
      const toChange = ([key, value]: readonly [string, unknown]): BulkChange => {
        return [args.changedKey(key), args.newValue(value, ttlMs)];
      };
      return this.#putMany(list, toChange, tagged);
    });
  }

  delete(key: string): Promise<WriteResult> {
    return promised(() => this.#store.remove(this.#parts.args.changedKey(key)));
  }

  deleteMany(keys: readonly string[]): Promise<WriteResult> {
    const { args, bulkChanges } = this.#parts;
    return promised(() =>
      bulkChanges.run(args.keyList(keys), {
        toChange: (key) => [args.changedKey(key), undefined],
        send: (changes) => this.#store.removeMany(changes.map(([full]) => full)),
      }),
    );
  }

  clear(pattern: string | undefined): Promise<WriteResult> {
    const { args, config } = this.#parts;
    const { scope } = config.load;
    return promised(() => {
      const isAll = (pattern === undefined || pattern === '*') && scope !== '';
      return isAll ? this.#store.invalidateTags([scope]) : this.#store.clear(args.pattern(pattern));
    });
  }

  invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    return promised(() => this.#store.invalidateTags(this.#parts.args.invalidTags(tags)));
  }

  #putMany<T>(
    items: readonly T[],
    toChange: (item: T) => BulkChange,
    tagged: TagsOfChange | undefined,
  ): Promise<WriteResult> {
    const send = (changes: readonly BulkChange[]): Promise<WriteResult> =>
      tagged?.put(changes) ??
      this.#store.putMany(changes as readonly (readonly [string, NewValue])[]);
    return this.#parts.bulkChanges.run(items, { toChange, send, ready: tagged?.ready });
  }
}
