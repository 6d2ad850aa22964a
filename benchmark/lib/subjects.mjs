// Everything that is compared, behind one interface. Only what a subject's own documentation names is set;
// the millisecond values of the tuned variants are ours, the same for all.

/**
 * @typedef {object} Context
 * @property {number} port of Redis, or of the proxy before it
 * @property {(key: string) => Promise<unknown>} load the database
 * @property {number} ttlMs
 * @property {number} memoryMax entries of the memory layer
 *
 * @typedef {object} Subject
 * @property {(key: string) => Promise<unknown>} fetch get, or load and set
 * @property {(key: string, value: unknown) => Promise<unknown>} [set]
 * @property {(key: string) => Promise<unknown>} [get]
 * @property {(key: string) => Promise<unknown>} remove
 * @property {() => void} [middleware] of Express, where the subject has one
 * @property {() => unknown} [status]
 * @property {() => unknown} close
 */

const LIMIT_MS = 100;

/** Every bound that node-redis documents. */
const TUNED_REDIS = {
  disableOfflineQueue: true,
  commandOptions: { timeout: LIMIT_MS },
  pingInterval: 500,
  socket: {
    connectTimeout: 500,
    socketTimeout: 1_000,
    reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 500),
  },
};

/** Every bound that ioredis documents. */
const TUNED_IOREDIS = {
  commandTimeout: LIMIT_MS,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  connectTimeout: 500,
  socketTimeout: 1_000,
  retryStrategy: (times) => Math.min(50 * 2 ** times, 500),
};

/**
 * `createKeyvNonBlocking` switches the queue and the reconnecting off itself, and connects anew with the next
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

const url = ({ port }) => `redis://127.0.0.1:${port}`;

/** Ours is imported from the build, or from where BENCH_SUBJECT points. */
async function ours() {
  const target = process.env.BENCH_SUBJECT;
  return import(target ? target : new URL('../../dist/index.js', import.meta.url).href);
}

async function oursWith(context, options) {
  const { createCache, cacheMiddleware } = await ours();
  const cache = createCache({ redis: url(context), ttl: context.ttlMs, logger: false, ...options });
  return {
    cache,
    middleware: cacheMiddleware(cache),
    get: (key) => cache.get(key),
    fetch: (key) => cache.getOrSet(key, () => context.load(key)),
    fetchFor: (req, key) => req.cache.getOrSet(key, () => context.load(key)),
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.delete(key),
    status: () => cache.status(),
    close: () => cache.close(),
  };
}

/** The cache-aside of every tutorial. */
async function naive(context, options, { isAwaited = true, isRaced = false } = {}) {
  const { createClient } = await import('redis');
  const client = createClient({ url: url(context), ...options });
  client.on('error', () => {});
  const connecting = client.connect();
  if (isAwaited) await connecting;
  else connecting.catch(() => {});
  const within = isRaced ? race : (promise) => promise;
  const set = (key, value) =>
    within(
      client.set(key, JSON.stringify(value), { expiration: { type: 'PX', value: context.ttlMs } }),
    );
  return {
    client,
    async fetch(key) {
      try {
        const text = await within(client.get(key));
        if (text !== null) return JSON.parse(text);
      } catch {}
      const value = await context.load(key);
      try {
        await set(key, value);
      } catch {}
      return value;
    },
    set,
    get: async (key) => JSON.parse(await within(client.get(key))),
    remove: (key) => within(client.del(key)),
    close: () => client.destroy(),
  };
}

function race(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('cache timeout')), LIMIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The driver alone: what a cache costs on top of it. */
async function bare(context, options, read) {
  const subject = await naive(context, options);
  return { ...subject, get: read(subject.client), fetch: read(subject.client) };
}

const asText = (client) => (key) => client.get(key);
const asValue = (client) => async (key) => JSON.parse(await client.get(key));

async function bareIoredis(context) {
  const client = await ioredis(context, {});
  return {
    fetch: (key) => client.get(key),
    set: (key, value) => client.set(key, JSON.stringify(value), 'PX', context.ttlMs),
    remove: (key) => client.del(key),
    close: () => client.disconnect(),
  };
}

async function ioredis({ port }, options) {
  const { Redis } = await import('ioredis');
  const client = new Redis({ host: '127.0.0.1', port, ...options });
  client.on('error', () => {});
  return client;
}

async function bento(context, { layers, isTuned = false, hasBus = false }) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
  let store = bentostore();
  if (layers.includes('memory')) {
    store = store.useL1Layer(memoryDriver({ maxItems: context.memoryMax }));
  }
  let client;
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

async function keyvStores(context, { layers, isTuned }) {
  const { createKeyv } = await import('cacheable');
  const redis = await import('@keyv/redis');
  const stores = {};
  if (layers.includes('memory')) stores.memory = createKeyv({ lruSize: context.memoryMax });
  if (layers.includes('redis')) {
    stores.redis = isTuned
      ? redis.createKeyvNonBlocking(
          { url: url(context), ...KEYV_REDIS },
          { connectionTimeout: 500 },
        )
      : redis.createKeyv(url(context));
    stores.redis.on('error', () => {});
    stores.redis.store?.client?.on?.('error', () => {});
  }
  return stores;
}

async function cacheable(context, variant) {
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

async function cacheManager(context, variant) {
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

async function asyncCacheDedupe(context, { layers, isTuned = false }) {
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
async function lru(context, isAwaited) {
  const { LRUCache } = await import('lru-cache');
  const cache = new LRUCache({ max: context.memoryMax, ttl: context.ttlMs });
  return {
    isSync: !isAwaited,
    fetch: isAwaited ? async (key) => cache.get(key) : (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.delete(key),
    close: () => {},
  };
}

const MEMORY = { layers: ['memory'] };
const REDIS = { layers: ['redis'] };
const BOTH = { layers: ['memory', 'redis'] };

/** @type {Record<string, (context: Context) => Promise<Subject>>} */
export const SUBJECTS = {
  ours: (c) => oursWith(c, {}),
  'ours (get)': async (c) => {
    const subject = await oursWith(c, {});
    return { ...subject, fetch: subject.get };
  },
  'ours (1000)': (c) => oursWith(c, { memory: { max: 1_000 } }),
  'ours (per request)': async (c) => {
    const subject = await oursWith(c, {});
    const fetch = (key) => {
      const req = {};
      subject.middleware(req, undefined, () => {});
      return subject.fetchFor(req, key);
    };
    return { ...subject, fetch };
  },
  'ours-memory': (c) => oursWith(c, { redis: false, memory: { max: c.memoryMax } }),
  'ours-memory (get)': async (c) => {
    const subject = await oursWith(c, { redis: false, memory: { max: c.memoryMax } });
    return { ...subject, fetch: subject.get };
  },
  'node-redis get': (c) => bare(c, {}, asText),
  'node-redis get+parse': (c) => bare(c, {}, asValue),
  'node-redis get, no timer': (c) => bare(c, { commandOptions: { timeout: 0 } }, asText),
  'node-redis get+parse, no timer': (c) => bare(c, { commandOptions: { timeout: 0 } }, asValue),
  'ioredis get': bareIoredis,
  naive: (c) => naive(c, {}),
  'naive-tuned': (c) => naive(c, TUNED_REDIS, { isAwaited: false }),
  'naive-race': (c) => naive(c, TUNED_REDIS, { isAwaited: false, isRaced: true }),
  'bento-memory': (c) => bento(c, MEMORY),
  'bento-l2': (c) => bento(c, REDIS),
  'bento-l2-tuned': (c) => bento(c, { ...REDIS, isTuned: true }),
  bento: (c) => bento(c, BOTH),
  'bento-tuned': (c) => bento(c, { ...BOTH, isTuned: true }),
  'bento-tuned + bus': (c) => bento(c, { ...BOTH, isTuned: true, hasBus: true }),
  'cacheable-memory': (c) => cacheable(c, MEMORY),
  cacheable: (c) => cacheable(c, BOTH),
  'cacheable-tuned': (c) => cacheable(c, { ...BOTH, isTuned: true }),
  'cache-manager-memory': (c) => cacheManager(c, MEMORY),
  'cache-manager': (c) => cacheManager(c, BOTH),
  'cache-manager-tuned': (c) => cacheManager(c, { ...BOTH, isTuned: true }),
  'async-cache-dedupe-memory': (c) => asyncCacheDedupe(c, MEMORY),
  'async-cache-dedupe': (c) => asyncCacheDedupe(c, REDIS),
  'async-cache-dedupe-tuned': (c) => asyncCacheDedupe(c, { ...REDIS, isTuned: true }),
  'lru-cache': (c) => lru(c, false),
  'lru-cache (awaited)': (c) => lru(c, true),
};

/** @param {string} name @param {Context} context @returns {Promise<Subject>} */
export function createSubject(name, context) {
  const create = SUBJECTS[name];
  if (create === undefined)
    throw new Error(`No subject '${name}': ${Object.keys(SUBJECTS).join(', ')}`);
  return create(context);
}
