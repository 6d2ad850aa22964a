// node-redis alone, and the cache that every tutorial builds on it.

import type { createClient } from 'redis';
import { type Context, LIMIT_MS, type Subject, urlOf } from './subject.js';

export type Client = ReturnType<typeof createClient>;
type Options = NonNullable<Parameters<typeof createClient>[0]>;

/** Without the driver's timer for each command: 0 switches it off, as `undefined` does. */
export const NO_TIMER: Options = { commandOptions: { timeout: 0 } };

/** Every bound that node-redis documents. */
export const TUNED: Options = {
  disableOfflineQueue: true,
  commandOptions: { timeout: LIMIT_MS },
  pingInterval: 500,
  socket: {
    connectTimeout: 500,
    socketTimeout: 1_000,
    reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 500),
  },
};

/** A client that is connected, or will be, and reports no error. */
export async function connect(
  context: Pick<Context, 'port'>,
  options: Options,
  isAwaited = true,
): Promise<Client> {
  const { createClient } = await import('redis');
  const client = createClient({ url: urlOf(context), ...options });
  client.on('error', () => {});
  const connecting = client.connect();
  if (isAwaited) await connecting;
  else connecting.catch(() => {});
  return client as Client;
}

type NaiveSubject = Subject & { readonly client: Client };

/** The cache-aside of every tutorial: get, parse, load, set. */
export async function naive(
  context: Context,
  options: Options,
  { isAwaited = true, isRaced = false } = {},
): Promise<NaiveSubject> {
  const client = await connect(context, options, isAwaited);
  const within = isRaced ? race : <T>(promise: Promise<T>): Promise<T> => promise;
  const expiration = { type: 'PX', value: context.ttlMs } as const;
  const set = (key: string, value: unknown): Promise<unknown> =>
    within(client.set(key, JSON.stringify(value), { expiration }));
  const fetch = async (key: string): Promise<unknown> => {
    try {
      const text = await within(client.get(key));
      if (text !== null) return JSON.parse(text);
    } catch {}
    const value = await context.load(key);
    try {
      await set(key, value);
    } catch {}
    return value;
  };
  return {
    client,
    fetch,
    set,
    remove: (key) => within(client.del(key)),
    close: () => client.destroy(),
  };
}

/** The hand-written bound that posts on the web advise. */
function race<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), LIMIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export type Read = (client: Client) => (key: string) => Promise<unknown>;

export const asText: Read = (client) => (key) => client.get(key);
export const asValue: Read = (client) => async (key) => JSON.parse((await client.get(key)) ?? '');

/** The driver alone: what a cache costs on top of it. */
export async function bare(context: Context, options: Options, read: Read): Promise<Subject> {
  const subject = await naive(context, options);
  return { ...subject, get: read(subject.client), fetch: read(subject.client) };
}
