// Express with one of several ways to answer, for what the middleware and the health endpoints cost.

import express from 'express';
import { serve } from '../lib/rpc.mjs';

async function library() {
  const target = process.env.BENCH_SUBJECT;
  return import(target ? target : new URL('../../dist/index.js', import.meta.url).href);
}

const HANDLERS = {
  async bare(app) {
    app.get('/', (_req, res) => res.end('ok'));
  },
  async middleware(app, port) {
    const { cacheMiddleware } = await library();
    app.use(cacheMiddleware({ redis: `redis://127.0.0.1:${port}`, logger: false }));
    app.get('/', (_req, res) => res.end('ok'));
  },
  async health(app, port) {
    const { createCache, healthRouter } = await library();
    if (healthRouter === undefined) throw new Error('this build has no healthRouter');
    const cache = createCache({ redis: `redis://127.0.0.1:${port}`, logger: false });
    app.use('/health', healthRouter({ cache, database: async () => {} }));
  },
};

/** Nanoseconds of the middleware alone, by a tight loop: less than the noise of a request. */
async function middlewareNs({ port, ms }) {
  const { cacheMiddleware } = await library();
  const middleware = cacheMiddleware({ redis: `redis://127.0.0.1:${port}`, logger: false });
  const next = () => {};
  // Requests live for a while, so the compiler may not do without their handles.
  const kept = new Array(64);
  let calls = 0;
  const startedAt = performance.now();
  do {
    for (let i = 0; i < kept.length; i++) {
      const req = {};
      middleware(req, {}, next);
      kept[i] = req;
    }
    calls += kept.length;
  } while (performance.now() < startedAt + ms);
  const took = performance.now() - startedAt;
  await middleware.cache.close();
  return (took * 1e6) / calls;
}

serve({
  middlewareNs,
  async start({ kind, port }) {
    const app = express();
    app.disable('x-powered-by');
    app.set('etag', false);
    await HANDLERS[kind](app, port);
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
  },
});
