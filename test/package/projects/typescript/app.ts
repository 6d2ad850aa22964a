import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  type Cache,
  type CacheOptions,
  type CacheStatus,
  cacheMiddleware,
  type Duration,
  healthRouter,
} from 'express-cache-health';

interface Product {
  readonly id: number;
  readonly price: number;
}

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proven = <T extends true>(_?: T): void => {};

const ttl: Duration = '5m';
const options: CacheOptions = { ttl, memory: { max: 10 }, logger: false };
// @ts-expect-error a duration has a unit that is known
export const wrong: CacheOptions = { ttl: '5 fortnights' };

const app = express();
const mw = cacheMiddleware(options);
app.use('/health', healthRouter({ database: async () => true, cache: mw.cache }));
app.use(mw);

app.get('/answer', async (req, res) => {
  proven<Equal<typeof req.cache, Cache>>();
  const cached = req.cache.get<Product>('product:1');
  proven<Equal<typeof cached, Promise<Product | undefined>>>();
  const loaded = req.cache.getOrSet(
    'product:1',
    async (): Promise<Product> => ({ id: 1, price: 42 }),
  );
  proven<Equal<typeof loaded, Promise<Product>>>();
  const status: CacheStatus['status'] = req.cache.status().status;
  proven<Equal<typeof status, 'up' | 'degraded' | 'down'>>();

  const wasCached = (await cached) !== undefined;
  const { price } = await loaded;
  res.json({ wasCached, value: price });
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
