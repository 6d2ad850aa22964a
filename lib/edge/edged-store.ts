import type { WriteResult } from '../api/cache.js';
import type { CacheMode } from '../api/status.js';
import { tagKey } from '../entry/entry-tags.js';
import type {
  Claim,
  Found,
  KeyChange,
  Loaded,
  NewValue,
  Store,
  StoreState,
  TagMoment,
} from '../tiers/store.js';
import type { EdgeTier } from './edge-tier.js';

/** The same store, whose changes purge nothing at the edge. */
export function withoutEdge(store: Store): Store {
  return store instanceof EdgedStore ? store.inner : store;
}

/**
 * A store with an edge in front of the application. Invariant: a change is in Redis and in memory, or journaled, before the
 * edge is purged; otherwise the edge would fetch the old value again.
 */
export class EdgedStore implements Store {
  readonly inner: Store;
  readonly #edge: EdgeTier;

  constructor(store: Store, edge: EdgeTier) {
    this.inner = store;
    this.#edge = edge;
  }

  get state(): StoreState {
    return this.inner.state;
  }

  get mode(): CacheMode {
    return this.inner.mode;
  }

  forRequest(): Store {
    return new EdgedStore(this.inner.forRequest(), this.#edge);
  }

  put(key: string, value: NewValue): Promise<WriteResult> {
    return this.#purged(this.inner.put(key, value), { keys: [key], isSoft: true });
  }

  putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult> {
    const keys = entries.map(([key]) => key);
    return this.#purged(this.inner.putMany(entries), { keys, isSoft: true });
  }

  remove(key: string): Promise<WriteResult> {
    return this.#purged(this.inner.remove(key), { keys: [key], isSoft: false });
  }

  removeMany(keys: readonly string[]): Promise<WriteResult> {
    return this.#purged(this.inner.removeMany(keys), { keys, isSoft: false });
  }

  clear(pattern: string): Promise<WriteResult> {
    return this.#purged(this.inner.clear(pattern), { keys: 'all', isSoft: false });
  }

  invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    const keys = tags.map(tagKey);
    return this.#purged(this.inner.invalidateTags(tags), { keys, isSoft: false });
  }

  tagVersions(...asked: Parameters<Store['tagVersions']>): ReturnType<Store['tagVersions']> {
    return this.inner.tagVersions(...asked);
  }

  tagMoment(): TagMoment {
    return this.inner.tagMoment();
  }

  tagsChangedSince(tags: readonly string[], since: TagMoment): boolean {
    return this.inner.tagsChangedSince(tags, since);
  }

  get(key: string): Found | undefined | Promise<Found | undefined> {
    return this.inner.get(key);
  }

  getMany(keys: readonly string[]): Promise<readonly (Found | undefined)[]> {
    return this.inner.getMany(keys);
  }

  claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]> {
    return this.inner.claim(keys, mode);
  }

  fill(loaded: readonly Loaded[]): Promise<void> {
    return this.inner.fill(loaded);
  }

  peek(key: string): Found | undefined {
    return this.inner.peek(key);
  }

  unreadable(key: string): void {
    this.inner.unreadable(key);
  }

  timeOf(key: string): number {
    return this.inner.timeOf(key);
  }

  onChange(listener: (change: KeyChange) => void): void {
    this.inner.onChange(listener);
  }

  async #purged(
    changing: Promise<WriteResult>,
    what: { readonly keys: readonly string[] | 'all'; readonly isSoft: boolean },
  ): Promise<WriteResult> {
    const result = await changing;
    const how = { isSoft: what.isSoft, isDeferred: result === 'deferred' };
    if (what.keys === 'all') this.#edge.everythingChanged(how);
    else this.#edge.keysChanged(what.keys, how);
    return result;
  }
}
