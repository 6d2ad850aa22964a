import type { CacheHandle } from '../../../lib/cache/cache.js';

/** Every entry has the tag `all`, and that of one of so many groups. */
export const GROUPS = 10;
export const ALL = 'all';
export const groupTag = (group: number): string => `group:${group}`;
export const keyOf = (i: number): string => `k${i}`;

/** How many keys one call reads. */
const AT_ONCE = 100;

/** Keys of a group, or of all groups, taken by chance. */
export function someKeys(count: number, group: number | undefined): readonly string[] {
  const keys = new Set<string>();
  for (let tries = 0; keys.size < AT_ONCE && tries < 10 * AT_ONCE; tries++) {
    const i = Math.floor(Math.random() * count);
    keys.add(keyOf(group === undefined ? i : i - (i % GROUPS) + group));
  }
  return [...keys];
}

export interface Seen {
  readonly reads: number;
  readonly hits: number;
}

/** Reads at least so many entries, 100 at a time. */
export async function readSome(
  cache: CacheHandle,
  what: { readonly count: number; readonly reads: number; readonly group?: number | undefined },
): Promise<Seen> {
  let [reads, hits] = [0, 0];
  while (reads < what.reads) {
    const keys = someKeys(what.count, what.group);
    hits += (await cache.getMany(keys)).size;
    reads += keys.length;
  }
  return { reads, hits };
}
