// Many keys at once: this package, and what one writes by hand with node-redis alone.

import type { Cache } from '../../lib/index.js';
import type { Product } from '../lib/values.js';
import { type Client, connect, NO_TIMER } from './node-redis.js';
import { ours } from './ours.js';
import type { Context } from './subject.js';

export type Entries = readonly (readonly [key: string, value: Product])[];
export type ManyValues = ReadonlyMap<string, Product>;

export interface BulkSubject {
  set(key: string, value: Product): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  /** Reads a key; loads and stores it when it is missing. */
  fetch(key: string, load: () => Product): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<ManyValues>;
  setMany(entries: Entries): Promise<unknown>;
  removeMany(keys: readonly string[]): Promise<unknown>;
  fetchMany(
    keys: readonly string[],
    load: (keys: readonly string[]) => ManyValues,
  ): Promise<ManyValues>;
  /** What is wrong with the subject, if anything is: then its figures do not count. */
  trouble(): string | undefined;
}

/** Since 0.2 there is `deleteMany`; a build without it deletes key by key. */
type AnyCache = Cache & { deleteMany?(keys: readonly string[]): Promise<unknown> };

export async function ourBulk(context: Context): Promise<BulkSubject> {
  const { cache }: { cache: AnyCache } = await ours(context);
  return {
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.delete(key),
    fetch: (key, load) => cache.getOrSet(key, load),
    getMany: (keys) => cache.getMany(keys),
    setMany: (entries) => cache.setMany(entries),
    removeMany: (keys) =>
      cache.deleteMany?.(keys) ?? Promise.all(keys.map((key) => cache.delete(key))),
    fetchMany: (keys, load) => cache.getOrSetMany(keys, load),
    trouble() {
      const { mode, reason, journal } = cache.status();
      if (mode !== 'normal') return `mode ${mode} (${reason})`;
      return journal.entries > 0 ? `${journal.entries} entries in the journal` : undefined;
    },
  };
}

export async function bareBulk(context: Context): Promise<BulkSubject> {
  const client = await connect(context, NO_TIMER);
  const expiration = { type: 'PX', value: context.ttlMs } as const;
  const set = (key: string, value: Product): Promise<unknown> =>
    client.set(key, JSON.stringify(value), { expiration });
  const setMany = (entries: Entries): Promise<unknown> =>
    Promise.all(entries.map(([key, value]) => set(key, value)));
  return {
    set,
    remove: (key) => client.del(key),
    async fetch(key, load) {
      const text = await client.get(key);
      if (text !== null) return JSON.parse(text);
      const value = load();
      await set(key, value);
      return value;
    },
    getMany: (keys) => getMany(client, keys),
    setMany,
    removeMany: (keys) => Promise.all(keys.map((key) => client.del(key))),
    async fetchMany(keys, load) {
      const found = await getMany(client, keys);
      const loaded = load(keys.filter((key) => !found.has(key)));
      await setMany([...loaded]);
      return new Map([...found, ...loaded]);
    },
    trouble: () => undefined,
  };
}

async function getMany(client: Client, keys: readonly string[]): Promise<ManyValues> {
  const texts = await client.mGet([...keys]);
  const found = new Map<string, Product>();
  for (const [i, text] of texts.entries()) {
    if (text !== null) found.set(keys[i] as string, JSON.parse(text));
  }
  return found;
}
