const express = require('express');
const { cacheMiddleware, healthRouter } = require('express-cache-health');

const app = express();
const middleware = cacheMiddleware({ logger: false });
app.use(middleware);
app.use('/health', healthRouter({ database: async () => true, cache: middleware.cache }));
app.get('/answer', async (req, res) => {
  let wasCached = true;
  const value = await req.cache.getOrSet('answer', () => {
    wasCached = false;
    return 42;
  });
  res.json({ wasCached, value });
});

module.exports = { app, cache: middleware.cache };
