// Fifteen typical uses, without an annotation that inference should make unnecessary. They are compiled, not run.

import express from 'express';
import {
  type Cache,
  CacheOverloadedError,
  cacheMiddleware,
  createCache,
  eventLoopCheck,
  gracefulShutdown,
  healthRouter,
  isCacheHealthError,
  parseDuration,
} from 'express-cache-health';

interface Product {
  readonly id: number;
  readonly name: string;
}

declare const env: { readonly REDIS_URL?: string; readonly CACHE_TTL?: string };
declare const db: {
  find(id: number, signal?: AbortSignal): Promise<Product>;
  findAll(keys: readonly string[]): Promise<readonly Product[]>;
  ping(): Promise<void>;
};
declare function is<Expected>(value: Expected): void;

const app = express();

// 1. Options from the environment may be undefined.
const cache = createCache({
  redis: env.REDIS_URL,
  ttl: env.CACHE_TTL === undefined ? undefined : parseDuration(env.CACHE_TTL),
  memory: { max: undefined },
  logger: undefined,
});

// 2. The middleware, with its own options or a cache.
const middleware = cacheMiddleware({ ttl: '5m', cacheStatus: true });
app.use(middleware, cacheMiddleware(cache, { cacheStatus: true }));

// 3. A loader without its context.
app.get('/a/:id', async (req, res) => {
  const product = await req.cache.getOrSet('product:1', () => db.find(1));
  res.json(product.name);
});

export async function loaders(cache: Cache): Promise<void> {
  // 4. A loader that passes its signal on.
  const aborted = await cache.getOrSet('a', ({ signal }) => db.find(1, signal));
  is<string>(aborted.name);

  // 5. An async loader that sets the lifetime.
  const short = await cache.getOrSet('b', async ({ setTtl, skip, key }) => {
    const found = await db.find(key.length);
    if (found.id === 0) skip();
    setTtl('1m');
    return found;
  });
  is<number>(short.id);

  // 6. A loader that uses the stale value, whose type is said.
  const kept = await cache.getOrSet<Product>('c', ({ stale }) => stale ?? db.find(1));
  is<string>(kept.name);

  // 7. The type of the stale value, where it is another one.
  const names = await cache.getOrSet('d', (context: { readonly stale?: Product }) => [
    context.stale?.name ?? 'none',
  ]);
  is<string[]>(names);

  // 8. Options of a call, some of them undefined.
  const ttl = env.CACHE_TTL === undefined ? undefined : parseDuration(env.CACHE_TTL);
  await cache.set('e', 1, { ttl });
  const n = await cache.getOrSet('f', () => 1, { ttl, grace: '1h', signal: undefined });
  is<number>(n);

  // 9. A wrapped function.
  const find = cache.wrap(db.find, { key: (id) => `product:${id}`, ttl });
  is<Product>(await find(1));

  // 10. Many keys at once.
  const many = await cache.getOrSetMany(['p:1'], async (keys, { signal }) => {
    signal.throwIfAborted();
    return new Map((await db.findAll(keys)).map((row) => [`p:${row.id}`, row]));
  });
  is<Product | undefined>(many.get('p:1'));

  // 11. Reading with a type, and many.
  is<string | undefined>((await cache.get<Product>('g'))?.name);
  is<Map<string, Product>>(await cache.getMany<Product>(['g']));

  // 12. Events.
  const stop = cache.on('lookup', ({ key, outcome, tier }) => is<string>(key + outcome + tier));
  stop();
}

// 13. A health router whose details are for some requests of Express.
const health = healthRouter({
  database: () => db.ping(),
  cache: middleware,
  checks: {
    loop: eventLoopCheck({ max: undefined }),
    search: { check: () => db.ping(), timeout: undefined },
  },
  details: 'authorized',
  authorize: (req) => req.get('x-ops') === 'yes' || req.ip === '127.0.0.1',
});
app.use('/health', health);

// 14. The shutdown.
const server = app.listen(0);
gracefulShutdown(server, { health, cache: middleware, onSignal: undefined, timeout: undefined });

// 15. Errors.
app.use(((error, _req, res, next) => {
  if (error instanceof CacheOverloadedError)
    res.status(503).set('Retry-After', `${error.retryAfter}`);
  else if (isCacheHealthError(error)) is<string>(error.code);
  next(error);
}) satisfies express.ErrorRequestHandler);
