import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Handler } from 'express';
import { type CacheOptions, cacheMiddleware } from '../../lib/index.js';

export interface OriginOptions {
  readonly cache: CacheOptions;
  readonly routes: (app: Express) => void;
  readonly above?: Handler[];
  /** @default 2 */
  readonly instances?: number;
  readonly port?: number;
}

/** Instances of an application, each with a cache of its own, that take requests in turn on one port. */
export class Origin {
  readonly port: number;
  readonly caches: readonly ReturnType<typeof cacheMiddleware>['cache'][];
  /** Requests that came here, without those of probes. */
  requests = 0;
  readonly #server: Server;

  private constructor(server: Server, caches: Origin['caches']) {
    this.#server = server;
    this.caches = caches;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(options: OriginOptions): Promise<Origin> {
    const apps = Array.from({ length: options.instances ?? 2 }, () => instance(options));
    let next = 0;
    const server = createServer((req, res) => {
      if (!req.url?.startsWith('/health')) origin.requests++;
      const { app } = apps[next++ % apps.length] as (typeof apps)[number];
      (app as unknown as RequestListener)(req, res);
    });
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    const origin = new Origin(
      server,
      apps.map(({ cache }) => cache),
    );
    return origin;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.all(this.caches.map((cache) => cache.close()));
  }
}

function instance({ cache, routes, above = [] }: OriginOptions): {
  readonly app: Express;
  readonly cache: ReturnType<typeof cacheMiddleware>['cache'];
} {
  const app = express();
  app.set('env', 'test');
  const caching = cacheMiddleware({ logger: false, ...cache });
  app.get('/health/ready', (_req, res) => void res.send('ready'));
  for (const each of above) app.use(each);
  app.use(caching);
  routes(app);
  return { app, cache: caching.cache };
}
