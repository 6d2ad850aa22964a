// Several processes of node:cluster, each with a cache of its own, all on one Redis: a value is loaded once for all.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { cacheMiddleware, gracefulShutdown, healthRouter } from 'express-cache-health';

const WORKERS = 2;

if (cluster.isPrimary) runPrimary();
else runWorker();

function runPrimary() {
  let isEnding = false;
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  cluster.on('exit', () => {
    if (!isEnding) cluster.fork();
    else if (Object.keys(cluster.workers).length === 0) process.exit(0);
  });
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === WORKERS) console.log(`http://127.0.0.1:${port}/report`);
  });
  process.on('SIGTERM', () => {
    isEnding = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
}

function runWorker() {
  const cache = cacheMiddleware({ prefix: 'reports-api:' });
  const health = healthRouter({ database: async () => true, cache });
  const app = express();
  app.use('/health', health);
  app.use(cache);

  app.get('/report', async (req, res) => {
    const report = await req.cache.getOrSet('report', async () => {
      await sleep(200); // an expensive query
      return { madeBy: process.pid, at: new Date() };
    });
    res.json({ ...report, answeredBy: process.pid });
  });

  const server = app.listen(process.env.PORT ?? 3000);
  gracefulShutdown(server, { health, cache, drainDelay: 0 });
}
