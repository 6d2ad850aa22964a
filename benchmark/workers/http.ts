// Express with one of several ways to answer, for what the middleware and the health endpoints cost.

import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { shareOf } from '../lib/profile.js';
import { serve } from '../lib/rpc.js';
import { productOf } from '../lib/values.js';
import { connect, NO_TIMER } from '../subjects/node-redis.js';
import { library } from '../subjects/ours.js';

export type Kind = 'bare' | 'middleware' | 'health' | 'driver' | 'cached';

const PRODUCT = productOf(1, 200);

const urlOf = (port: number): string => `redis://127.0.0.1:${port}`;

const HANDLERS: Readonly<Record<Kind, (app: Express, port: number) => Promise<unknown>>> = {
  async bare(app) {
    app.get('/', (_req, res) => void res.end('ok'));
  },
  async middleware(app, port) {
    const { cacheMiddleware } = await library();
    app.use(cacheMiddleware({ redis: urlOf(port), logger: false }));
    app.get('/', (_req, res) => void res.end('ok'));
  },
  async driver(app, port) {
    const client = await connect({ port }, NO_TIMER);
    await client.set('product:1', JSON.stringify(PRODUCT));
    app.get('/product/:id', async (req, res) => {
      res.json(JSON.parse((await client.get(`product:${req.params.id}`)) ?? 'null'));
    });
  },
  async cached(app, port) {
    const { cacheMiddleware } = await library();
    app.use(cacheMiddleware({ redis: urlOf(port), logger: false }));
    app.get('/product/:id', async (req, res) => {
      res.json(await req.cache.getOrSet(`product:${req.params.id}`, () => PRODUCT));
    });
  },
  async health(app, port) {
    const { createCache, healthRouter } = await library();
    const cache = createCache({ redis: urlOf(port), logger: false });
    app.use('/health', healthRouter({ cache, database: async () => {} }));
  },
};

/** Nanoseconds of the middleware alone, by a tight loop: less than the noise of a request. */
async function middlewareNs({ port, ms }: { port: number; ms: number }): Promise<number> {
  const { cacheMiddleware } = await library();
  const middleware = cacheMiddleware({ redis: urlOf(port), logger: false });
  type Arguments = Parameters<typeof middleware>;
  const next = (): void => {};
  // Requests live for a while, so the compiler may not do without their handles.
  const kept: unknown[] = new Array(64);
  let calls = 0;
  const startedAt = performance.now();
  do {
    for (let i = 0; i < kept.length; i++) {
      const req = {} as Arguments[0];
      middleware(req, {} as Arguments[1], next);
      kept[i] = req;
    }
    calls += kept.length;
  } while (performance.now() < startedAt + ms);
  const took = performance.now() - startedAt;
  await middleware.cache.close();
  return (took * 1e6) / calls;
}

/** The built package, and the LRU that only it uses here. */
const isOurs = (url: string): boolean =>
  /[/\\]dist[/\\](?!.*node_modules)/.test(url) || url.includes('/lru-cache/');

const operations = {
  middlewareNs,
  cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  /** The package's own share of the busy time, in per cent. */
  profile: ({ ms }: { ms: number }): Promise<number> => shareOf(isOurs, ms),
  /** Resolves to the port. */
  async start({ kind, port }: { kind: Kind; port: number }): Promise<number> {
    const app = express();
    app.disable('x-powered-by');
    app.set('etag', false);
    await HANDLERS[kind](app, port);
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () =>
        resolve((server.address() as AddressInfo).port),
      );
    });
  },
};

export type HttpOperations = typeof operations;
serve(operations);
