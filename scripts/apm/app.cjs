// The application that an agent watches. It says its port, and later what the agent has recorded.
const express = require('express');
const { cacheMiddleware, healthRouter } = require('../../dist/index.js');

const MARKER = 'card-4111-1111-1111-1111';
const caching = cacheMiddleware({ logger: false });
const { cache } = caching;
globalThis.watched?.(cache);

const load = async (key) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { key, card: MARKER };
};

const app = express();
app.use(caching);
app.use('/health', healthRouter({ cache }));
app.get('/products/:id', async (req, res) => {
  res.json(await req.cache.getOrSet(`product:${req.params.id}`, () => load(req.params.id)));
});
app.get('/many', async (req, res) => {
  const keys = Array.from({ length: 64 }, (_, i) => `many:${i}`);
  const values = await Promise.all(keys.map((key) => req.cache.get(key)));
  res.json({ found: values.filter(Boolean).length });
});
app.post('/many', async (req, res) => {
  for (let i = 0; i < 64; i++) await req.cache.set(`many:${i}`, { card: MARKER });
  res.json({});
});

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', async ({ ask }) => {
  if (ask === 'mode') process.send({ mode: cache.status().mode });
  if (ask === 'spans') process.send({ spans: await globalThis.recordedSpans?.() });
});
process.on('disconnect', () => process.exit());
