import type { NearKeys, Watch } from './near-keys.js';

/** Some keys of a call, and their places in it. */
interface Part {
  readonly keys: string[];
  readonly at: number[];
}

/** The keys that `isFirst` accepts, and the others. */
function separate(keys: readonly string[], isFirst: (key: string) => boolean): [Part, Part] {
  const parts: [Part, Part] = [
    { keys: [], at: [] },
    { keys: [], at: [] },
  ];
  keys.forEach((key, i) => {
    const part = parts[isFirst(key) ? 0 : 1];
    part.keys.push(key);
    part.at.push(i);
  });
  return parts;
}

/** What was found for each part, in the order of the call. */
function together<T>(parts: readonly Part[], found: readonly (readonly T[])[]): T[] {
  const all: T[] = [];
  for (const [i, { at }] of parts.entries()) {
    for (const [j, index] of at.entries()) all[index] = found[i]?.[j] as T;
  }
  return all;
}

/** Reads hot keys so that the server tells of their changes, and the others as ever, at the same time. */
export async function askApart<T>(
  near: NearKeys,
  keys: readonly string[],
  ask: (keys: readonly string[], watch?: Watch) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const [hot, cold] = separate(keys, (key) => near.watch(key) !== undefined);
  const [first] = hot.keys;
  if (first === undefined) return ask(keys);
  return together(
    [hot, cold],
    await Promise.all([ask(hot.keys, near.watch(first)), ask(cold.keys)]),
  );
}
