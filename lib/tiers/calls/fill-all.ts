import type { Lane } from '../../redis/remote.js';
import type { Shards } from '../shards.js';
import type { Loaded } from '../store.js';

/** Stores loaded values, on all servers at the same time. */
export async function fillAll(
  shards: Shards,
  loaded: readonly Loaded[],
  lane: Lane,
): Promise<void> {
  const { only } = shards;
  if (only !== undefined) return only.claims.fill(loaded, lane);
  const parts = shards.split(loaded.map(({ key }) => key));
  const filling = parts.map(({ of, at }) => {
    const some = at.map((i) => loaded[i] as Loaded);
    return of.claims.fill(some, lane);
  });
  await Promise.all(filling);
}
