import { graceMsOf } from '../entry/entry.js';
import { freshUntilMs } from '../entry/freshness.js';
import type { Found, Store } from '../tiers/store.js';
import type { StaleValue } from './flight/await-flights.js';
import { SharedValue } from './flight/shared-value.js';
import type { LoadingConfig } from './loading-options.js';

/** An expired entry as a value to serve within its grace; `undefined` when it cannot be decoded. */
export function staleValueOf(
  { store, config }: { readonly store: Store; readonly config: Pick<LoadingConfig, 'share'> },
  key: string,
  found: Found,
): StaleValue | undefined {
  const { entry } = found;
  try {
    const value = SharedValue.found(found, config.share);
    const { tags } = value;
    const since = tags.length === 0 ? undefined : store.tagMoment();
    const isUsable = (): boolean =>
      store.timeOf(key) < freshUntilMs(entry) + graceMsOf(entry) &&
      (since === undefined || !store.tagsChangedSince(tags, since));
    return { value, isUsable };
  } catch {
    store.unreadable(key);
    return undefined;
  }
}
