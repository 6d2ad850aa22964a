// An instance of a service behind a balancer: its database is up or down as the test says.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { cacheMiddleware, gracefulShutdown, healthRouter } from '../../lib/index.js';

let isUp = true;
const [redis = ''] = process.argv.slice(2);
const cache = cacheMiddleware({ redis: redis === '' ? false : redis, logger: false });
const health = healthRouter({ database: () => isUp, cache, maxAge: 50 });
const app = express();
app.use('/health', health);
app.use(cache);
app.get('/work', async (req, res) => {
  res.json(await req.cache.getOrSet('work', () => ({ done: true })));
});

const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
gracefulShutdown(server, {
  health,
  cache,
  drainDelay: Number(process.env.DRAIN_DELAY ?? 1_500),
  onSignal: () => process.send?.({ isClean: true }),
});

process.on('message', (message: { isUp: boolean }) => {
  isUp = message.isUp;
  process.send?.({ isUp });
});
process.on('disconnect', () => process.exit());
