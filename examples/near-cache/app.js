// Hot keys from memory while Redis is used: a price that thousands ask for is read from Redis once, until it changes.
import express from 'express';
import { cacheMiddleware, createCache, healthRouter } from 'express-cache-health';

const prices = new Map([[1, 240]]);

// Redis tells when a price changes. If it cannot (a cut network, say), memory answers for 250 ms at most.
const caching = cacheMiddleware({ prefix: 'prices:', near: { maxStale: '250ms' } });
// It stands for another process of the same application.
const other = createCache({ prefix: 'prices:' });

const lookups = { near: 0, redis: 0, memory: 0, miss: 0 };
caching.cache.on('lookup', ({ tier }) => {
  lookups[tier ?? 'miss']++;
});

const app = express();
app.use('/health', healthRouter({ database: async () => true, cache: caching }));
app.use(caching);
app.use(express.json());

app.get('/prices/:id', async (req, res) => {
  const id = Number(req.params.id);
  const cents = await req.cache.getOrSet(`price:${id}`, () => prices.get(id));
  if (cents === undefined) res.status(404).json({ error: 'there is no such price' });
  else res.json({ id, cents });
});

/** Another process changes the price: first in the database, then in the cache. */
app.put('/prices/:id', async (req, res) => {
  const id = Number(req.params.id);
  prices.set(id, req.body.cents);
  res.json({ result: await other.delete(`price:${id}`) });
});

/** Which tier answered how often. */
app.get('/lookups', (_req, res) => {
  res.json(lookups);
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/prices/1`);
});
