const express = require('express');
const { cacheMiddleware, healthRouter } = require('express-cache-health');
const app = express();
app.use(cacheMiddleware());
app.use('/health', healthRouter({ database: async () => true }));
app.get('/answer', async (req, res) => {
  const wasCached = await req.cache.has('answer');
  res.json({ wasCached, ...(await req.cache.getOrSet('answer', () => ({ value: 42 }))) });
});
const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
