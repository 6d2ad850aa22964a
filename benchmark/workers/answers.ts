// Express with its defaults, and one of several ways to answer the same JSON again and again.

import type { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import express, { type Express, type RequestHandler } from 'express';
import { serve } from '../lib/rpc.js';
import { productOf } from '../lib/values.js';
import { library } from '../subjects/ours.js';

export type Way = 'bare' | 'responseCache' | 'apicache' | 'get' | 'send';

export interface Answers {
  readonly way: Way;
  /** Bytes of the JSON. */
  readonly bytes: number;
  /** Rows of a table, in place of one object. */
  readonly isTable: boolean;
  /** The port of Redis; 0: memory alone. */
  readonly port: number;
}

const TTL = '10 minutes';

/** An object, or rows, of at least so many bytes of JSON. */
function contentOf({ bytes, isTable }: Answers): unknown {
  if (!isTable) return productOf(1, bytes);
  const rows: unknown[] = [];
  for (let length = 2; length < bytes; ) {
    const row = productOf(rows.length, 120);
    rows.push(row);
    length += JSON.stringify(row).length + 1;
  }
  return rows;
}

async function ourCache(port: number) {
  const { cacheMiddleware } = await library();
  const redis = port === 0 ? false : `redis://127.0.0.1:${port}`;
  return cacheMiddleware({ redis, ttl: '10m', logger: false });
}

async function responseCaching(): Promise<RequestHandler> {
  const folder = dirname(resolve(process.env.BENCH_SUBJECT ?? 'dist/index.js'));
  const entry: typeof import('../../lib/http-cache.js') = await import(
    pathToFileURL(resolve(folder, 'http-cache.js')).href
  );
  return entry.responseCache({ ttl: '10m' });
}

/** Its client of Redis must have callbacks, and say that it is connected. */
async function apicaching(port: number): Promise<RequestHandler> {
  const { default: apicache } = await import('apicache');
  if (port === 0) return apicache.newInstance({}).middleware(TTL);
  const { Redis } = await import('ioredis');
  const redisClient = Object.assign(new Redis({ host: '127.0.0.1', port }), { connected: true });
  return apicache.newInstance({ redisClient }).middleware(TTL);
}

const ROUTES: Readonly<Record<Way, (app: Express, how: Answers) => Promise<unknown>>> = {
  async bare(app, how) {
    const content = contentOf(how);
    app.get('/', (_req, res) => void res.json(content));
  },
  async responseCache(app, how) {
    const content = contentOf(how);
    app.use(await ourCache(how.port));
    app.get('/', await responseCaching(), (_req, res) => void res.json(content));
  },
  async apicache(app, how) {
    const content = contentOf(how);
    app.get('/', await apicaching(how.port), (_req, res) => void res.json(content));
  },
  async get(app, how) {
    const content = contentOf(how);
    app.use(await ourCache(how.port));
    app.get('/', async (req, res) => {
      res.json((await req.cache.get('rows')) ?? (await req.cache.getOrSet('rows', () => content)));
    });
  },
  async send(app, how) {
    const content = contentOf(how);
    app.use(await ourCache(how.port));
    app.get('/', (req, res) => req.cache.send(res, 'rows', () => content));
  },
};

const operations = {
  /** Resolves to the port. */
  async start(how: Answers): Promise<number> {
    const app = express();
    await ROUTES[how.way](app, how);
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () =>
        resolve((server.address() as AddressInfo).port),
      );
    });
  },
  /** Microseconds of processor that this process has used. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type AnswersOperations = typeof operations;
serve(operations);
