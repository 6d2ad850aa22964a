// Health endpoints without a cache. This entry point does not load the Redis driver.
import express from 'express';
import { eventLoopCheck, gracefulShutdown, healthRouter } from 'express-cache-health/health';

let isDatabaseUp = true;

const health = healthRouter({
  database: async () => isDatabaseUp,
  checks: { eventLoop: eventLoopCheck({ max: '200ms' }) },
  maxAge: '50ms',
});

const app = express();
app.use('/health', health);
app.post('/break', (_req, res) => {
  isDatabaseUp = false;
  res.status(204).end();
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://127.0.0.1:${server.address().port}/health`);
});
gracefulShutdown(server, { health, drainDelay: 0 });
