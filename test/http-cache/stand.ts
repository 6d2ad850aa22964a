import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express5, { type Express, type Handler } from 'express';
import type { CacheOptions } from '../../lib/cache/options.js';
import { cacheMiddleware } from '../../lib/express/cache-middleware.js';
import type { ResponseCacheOptions } from '../../lib/http-cache/options.js';
import { type ResponseCache, responseCache } from '../../lib/http-cache/response-cache.js';
import { createTestCache, type TestCache } from '../../lib/testing/create-test-cache.js';

const express4 = require('express4') as typeof express5;

export const EXPRESSES = [
  ['Express 4', express4],
  ['Express 5', express5],
] as const;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
}

/** An application with a cache whose time a test moves, and with one cached route. */
export class Stand {
  readonly cache: TestCache;
  readonly app: Express;
  readonly route: ResponseCache;
  /** How often the handler ran. */
  runs = 0;
  readonly #server: Server;

  constructor(
    express: typeof express5,
    handler: Handler,
    options?: ResponseCacheOptions,
    above: Handler[] = [],
    cache: CacheOptions = {},
  ) {
    this.cache = createTestCache(cache);
    this.app = express();
    this.app.set('env', 'test');
    this.app.use(cacheMiddleware(this.cache));
    for (const each of above) this.app.use(each);
    this.route = responseCache(options);
    const counted: Handler = (req, res, next) => {
      this.runs++;
      return handler(req, res, next);
    };
    this.app.use(this.route, counted);
    this.#server = createServer(this.app);
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  ask(path = '/', headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = new URL(this.origin);
      const asked = request({ host, port, path, method, headers, agent: false }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const { statusCode: status = 0, headers } = res;
          resolve({ status, headers, bytes, body: bytes.toString() });
        });
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.cache.close();
  }
}

/** Makes stands that end with the test. */
export function stands(express: typeof express5): {
  stand(
    handler: Handler,
    options?: ResponseCacheOptions,
    above?: Handler[],
    cache?: CacheOptions,
  ): Promise<Stand>;
  stopAll(): Promise<void>;
} {
  let open: Stand[] = [];
  return {
    async stand(handler, options, above, cache) {
      const made = new Stand(express, handler, options, above, cache);
      open.push(made);
      return made.start();
    },
    async stopAll() {
      await Promise.all(open.map((each) => each.stop()));
      open = [];
    },
  };
}
