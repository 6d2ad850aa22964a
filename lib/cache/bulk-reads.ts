import type { Turns } from '../core/time/turns.js';
import type { Answer } from '../loading/flight/shared-value.js';
import type { LoadManyRequest } from '../loading/load-request.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { Found, Store } from '../tiers/store.js';
import type { Arguments } from './arguments/arguments.js';

/** The most keys that we read from the store at once, so that no call holds the event loop for long. */
const MAX_KEYS = 500;

/** The part of a store that reads many keys. */
export interface BulkReader {
  readonly store: Store;
  readonly turns: Turns;
}

/** Checks the keys, and returns each complete key once. */
export async function uniqueKeys(
  { args, turns }: { readonly args: Arguments; readonly turns: Turns },
  keys: readonly string[],
): Promise<readonly string[]> {
  const unique = new Set<string>();
  await turns.forEach(args.keyList(keys), (key) => {
    unique.add(args.fullKey(key));
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

/** How a caller decodes and counts what is found. */
export interface Lookups {
  /** `undefined`: it cannot be decoded. */
  hit(key: string, found: Found): { readonly value: unknown } | undefined;
  loaded(key: string, answer: Answer | undefined): void;
}

/** Reads many keys, and loads those that are missing. The values are in the order of the keys. */
export async function loadMany(
  reader: BulkReader & { readonly loading: Pick<SingleFlight, 'answerMany'> },
  { keys, request }: { readonly keys: readonly string[]; readonly request: LoadManyRequest },
  lookups: Lookups,
): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>();
  const missing = new Map<string, Found | undefined>();
  await findMany(reader, keys, (key, found) => {
    const hit = found?.isStale === false ? lookups.hit(key, found) : undefined;
    if (hit === undefined) missing.set(key, staleIn(found));
    else values.set(key, hit.value);
  });
  if (missing.size === 0) return values;
  const answers = await reader.loading.answerMany(request, missing);
  const inOrder = new Map<string, unknown>();
  await reader.turns.forEach(keys, (key) => {
    const answer = answers.get(key);
    if (missing.has(key)) lookups.loaded(key, answer);
    if (answer !== undefined) inOrder.set(key, answer.value);
    else if (values.has(key)) inOrder.set(key, values.get(key));
  });
  return inOrder;
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
