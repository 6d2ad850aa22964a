import express from 'express';
import { cacheMiddleware, healthRouter } from 'express-cache-health';

const app = express();
const mw = cacheMiddleware();
app.use('/health', healthRouter({ database: async () => true, cache: mw.cache }));
app.use(mw);
app.get('/answer', async (req, res) => {
  const wasCached = await req.cache.has('answer');
  const answer = await req.cache.getOrSet('answer', () => ({ value: 42, madeAt: new Date(0) }));
  res.json({ wasCached, value: answer.madeAt instanceof Date ? answer.value : 'no Date' });
});
const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
