import type { Turns } from '../core/time/turns.js';
import type { Found, Store } from '../tiers/store.js';
import type { Arguments } from './arguments/arguments.js';

/** The most keys that we read from the store at once, so that no call holds the event loop for long. */
const MAX_KEYS = 500;

/** The part of a store that reads many keys. */
export interface BulkReader {
  readonly store: Store;
  readonly turns: Turns;
}

/** Checks the keys, and returns each once. */
export async function uniqueKeys(
  { args, turns }: { readonly args: Arguments; readonly turns: Turns },
  keys: readonly string[],
): Promise<readonly string[]> {
  const unique = new Set<string>();
  await turns.forEach(args.keyList(keys), (key) => {
    args.checkKey(key);
    unique.add(key);
  });
  return [...unique];
}

/** Reads many keys and passes each answer to `visit`, in the order of the keys. */
export async function findMany(
  { store, turns }: BulkReader,
  keys: readonly string[],
  visit: (key: string, found: Found | undefined) => void,
): Promise<void> {
  const asked: { batch: readonly string[]; answer: ReturnType<Store['getMany']> }[] = [];
  await turns.forEach(batches(keys), (batch) => {
    asked.push({ batch, answer: store.getMany(batch) });
  });
  for (const { batch, answer } of asked) {
    const found = await answer;
    await turns.forEach(batch, (key, i) => visit(key, found[i]));
  }
}

function batches(keys: readonly string[]): readonly (readonly string[])[] {
  if (keys.length <= MAX_KEYS) return keys.length > 0 ? [keys] : [];
  const count = Math.ceil(keys.length / MAX_KEYS);
  return Array.from({ length: count }, (_, i) => keys.slice(i * MAX_KEYS, (i + 1) * MAX_KEYS));
}

/** What was found past its ttl. */
export function staleIn(found: Found | undefined): Found | undefined {
  return found?.isStale === true ? found : undefined;
}
