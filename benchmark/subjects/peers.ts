// The other caches. Only what a peer's own documentation names is set; the milliseconds of the tuned variants are
// ours, the same for all. A package is loaded only in the process that measures it.

import type { KeyvStore } from '@keyv/redis';
import type { Redis } from 'ioredis';
import { type Context, LIMIT_MS, type Subject, urlOf } from './subject.js';

export interface Variant {
  readonly layers: readonly ('memory' | 'redis')[];
  readonly isTuned?: boolean;
  readonly hasBus?: boolean;
}

/** Every bound that ioredis documents. */
const TUNED_IOREDIS = {
  commandTimeout: LIMIT_MS,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  connectTimeout: 500,
  socketTimeout: 1_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, 500),
};

/**
 * `createKeyvNonBlocking` switches the queue and the reconnecting off itself, and connects again with the next
 * call. A command timeout of 100 ms made it lose writes on a healthy Redis, so it has none.
 */
const KEYV_REDIS = {
  pingInterval: 500,
  socket: { connectTimeout: 500, socketTimeout: 1_000 },
};

const TUNED_BENTO = {
  grace: '10m',
  timeout: '200ms',
  hardTimeout: '5s',
  l2CircuitBreakerDuration: '2s',
  suppressL2Errors: true,
};

async function ioredis({ port }: Context, options: object): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const client = new Redis({ host: '127.0.0.1', port, ...options });
  client.on('error', () => {});
  return client;
}

export async function bareIoredis(context: Context): Promise<Subject> {
  const client = await ioredis(context, {});
  return {
    fetch: (key) => client.get(key),
    set: (key, value) => client.set(key, JSON.stringify(value), 'PX', context.ttlMs),
    remove: (key) => client.del(key),
    close: () => client.disconnect(),
  };
}

export async function bento(
  context: Context,
  { layers, isTuned = false, hasBus = false }: Variant,
): Promise<Subject> {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
  let store = bentostore();
  if (layers.includes('memory')) {
    store = store.useL1Layer(memoryDriver({ maxItems: context.memoryMax }));
  }
  let client: Redis | undefined;
  if (layers.includes('redis')) {
    client = await ioredis(context, isTuned ? TUNED_IOREDIS : {});
    store = store.useL2Layer(redisDriver({ connection: client }));
  }
  if (hasBus) {
    // On a connection with the driver's defaults: one with bounds drops the messages of an outage.
    const connection = await ioredis(context, {});
    store = store.useBus(redisBusDriver({ connection, retryQueue: { enabled: true } }));
  }
  const cache = new BentoCache({
    default: 'all',
    ttl: context.ttlMs,
    ...(isTuned && TUNED_BENTO),
    stores: { all: store },
  });
  return {
    get: (key) => cache.get({ key }),
    fetch: (key) => cache.getOrSet({ key, factory: () => context.load(key) }),
    set: (key, value) => cache.set({ key, value }),
    remove: (key) => cache.delete({ key }),
    close: () => client?.disconnect(),
  };
}

interface KeyvStores {
  memory?: KeyvStore;
  redis?: KeyvStore;
}

async function keyvStores(context: Context, { layers, isTuned }: Variant): Promise<KeyvStores> {
  const { createKeyv } = await import('cacheable');
  const redis = await import('@keyv/redis');
  const stores: KeyvStores = {};
  if (layers.includes('memory')) stores.memory = createKeyv({ lruSize: context.memoryMax });
  if (layers.includes('redis')) {
    const url = urlOf(context);
    stores.redis = isTuned
      ? redis.createKeyvNonBlocking({ url, ...KEYV_REDIS }, { connectionTimeout: 500 })
      : redis.createKeyv(url);
    stores.redis.on('error', () => {});
    stores.redis.store?.client?.on?.('error', () => {});
  }
  return stores;
}

export async function cacheable(context: Context, variant: Variant): Promise<Subject> {
  const { Cacheable } = await import('cacheable');
  const stores = await keyvStores(context, variant);
  const cache = new Cacheable({
    primary: stores.memory,
    ...(stores.redis && { secondary: stores.redis }),
    ...(variant.isTuned && { nonBlocking: true }),
    ttl: context.ttlMs,
  });
  cache.on('error', () => {});
  return {
    get: (key) => cache.get(key),
    fetch: (key) => cache.getOrSet(key, () => context.load(key), { ttl: context.ttlMs }),
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.delete(key),
    close: () => stores.redis?.store?.client?.destroy?.(),
  };
}

export async function cacheManager(context: Context, variant: Variant): Promise<Subject> {
  const { createCache } = await import('cache-manager');
  const stores = await keyvStores(context, variant);
  const cache = createCache({
    stores: Object.values(stores),
    ttl: context.ttlMs,
    ...(variant.isTuned && { nonBlocking: true }),
  });
  return {
    get: (key) => cache.get(key),
    fetch: (key) => cache.wrap(key, () => context.load(key)),
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.del(key),
    close: () => stores.redis?.store?.client?.destroy?.(),
  };
}

export async function asyncCacheDedupe(
  context: Context,
  { layers, isTuned = false }: Variant,
): Promise<Subject> {
  const { createCache } = await import('async-cache-dedupe');
  const client = layers.includes('redis')
    ? await ioredis(context, isTuned ? TUNED_IOREDIS : {})
    : undefined;
  const storage = client
    ? { type: 'redis', options: { client } }
    : { type: 'memory', options: { size: context.memoryMax } };
  const cache = createCache({ ttl: Math.ceil(context.ttlMs / 1_000), storage, onError: () => {} });
  cache.define('load', (key) => context.load(key));
  return {
    fetch: (key) => cache.load(key),
    remove: (key) => cache.clear('load', key),
    close: () => client?.disconnect(),
  };
}

/** lru-cache alone: no isolation, no Redis. */
export async function lru(context: Context, isAwaited: boolean): Promise<Subject> {
  const { LRUCache } = await import('lru-cache');
  const cache = new LRUCache<string, object>({ max: context.memoryMax, ttl: context.ttlMs });
  return {
    isSync: !isAwaited,
    fetch: isAwaited ? async (key) => cache.get(key) : (key) => cache.get(key),
    set: (key, value) => cache.set(key, value as object),
    remove: (key) => cache.delete(key),
    close: () => {},
  };
}

/** What a cache in memory is at least, if each caller gets a value of its own: the text in lru-cache, parsed. */
export async function lruParsed(context: Context): Promise<Subject> {
  const { LRUCache } = await import('lru-cache');
  const cache = new LRUCache<string, string>({ max: context.memoryMax, ttl: context.ttlMs });
  return {
    fetch: async (key) => JSON.parse(cache.get(key) as string),
    set: (key, value) => cache.set(key, JSON.stringify(value)),
    remove: (key) => cache.delete(key),
    close: () => {},
  };
}
