import { laneOf } from '../lane.js';
import type { Shards } from '../shards.js';
import type { Found } from '../store.js';

/** Reads keys from Redis, from all servers at the same time. */
export async function askAll(
  shards: Shards,
  keys: readonly string[],
): Promise<readonly (Found | undefined)[]> {
  const { only } = shards;
  if (only !== undefined) return only.reader.askMany(keys, laneOf(keys.length));
  const answers: (Found | undefined)[] = new Array(keys.length);
  const asking = shards.split(keys).map(async ({ of, keys: some, at }) => {
    const found = await of.reader.askMany(some, laneOf(keys.length));
    for (const [i, index] of at.entries()) answers[index] = found[i];
  });
  await Promise.all(asking);
  return answers;
}
