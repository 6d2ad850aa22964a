// An application takes its cache and its database, so that a test can pass others.
const express = require('express');
const { cacheMiddleware, healthRouter } = require('express-cache-health');

function createApp({ cache, findProduct, ping = async () => true }) {
  const app = express();
  app.use('/health', healthRouter({ database: ping, cache }));
  app.use(cacheMiddleware(cache));
  app.get('/products/:id', async (req, res) => {
    const { id } = req.params;
    res.json(await req.cache.getOrSet(`product:${id}`, () => findProduct(id), { ttl: '5m' }));
  });
  return app;
}

module.exports = { createApp };
