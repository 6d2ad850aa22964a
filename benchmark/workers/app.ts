// The application under test: Express 5, one subject, a database that is simulated and counted.

import { pbkdf2Sync } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';
import { type Product, productOf } from '../lib/values.js';
import { createSubject } from '../subjects/index.js';
import type { Subject } from '../subjects/subject.js';

interface Pool {
  readonly connections: number;
  /** How long a query takes. */
  readonly ms: number;
}

export interface AppOptions {
  readonly name: string;
  readonly redisPort: number;
  readonly memoryMax: number;
  readonly ttlMs: number;
  /** Of a value. */
  readonly bytes: number;
  readonly pool: Pool;
  /** Rounds of PBKDF2 that a request costs beside the cache. */
  readonly work: number;
}

export interface AppStats {
  readonly queries: number;
  readonly longestQueue: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly unhandled: number;
}

/** A pool of connections, each busy for as long as its query takes. */
class Database {
  queries = 0;
  longestQueue = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #pool: Pool;
  #busy = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query(id: number, bytes: number): Promise<Product> {
    this.queries++;
    if (this.#busy >= this.#pool.connections) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.longestQueue = Math.max(this.longestQueue, this.#waiting.length);
      });
    } else this.#busy++;
    await sleep(this.#pool.ms);
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy--;
    else next();
    return productOf(id, bytes);
  }
}

let subject: Subject;
let database: Database;
let server: Server;
let isWarming = false;
let size = 0;
let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);
process.on('uncaughtException', () => unhandled++);

const idOf = (key: string): number => Number(key.slice('product:'.length));

async function start(options: AppOptions): Promise<number> {
  const { name, redisPort, memoryMax, ttlMs, bytes, pool, work } = options;
  database = new Database(pool);
  size = bytes;
  const load = async (key: string): Promise<Product> =>
    isWarming ? productOf(idOf(key), bytes) : database.query(idOf(key), bytes);
  subject = await createSubject(name, { port: redisPort, load, ttlMs, memoryMax });
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  if (subject.middleware !== undefined) app.use(subject.middleware);
  app.get('/product/:id', async (req, res) => {
    const key = `product:${req.params.id}`;
    const product = await (subject.fetchFor?.(req, key) ?? subject.fetch(key));
    if (work > 0) pbkdf2Sync('what a handler does', 'beside', work, 20, 'sha1');
    res.json(product);
  });
  app.use(((error, _req, res, _next) => {
    res.status(500).json({ error: String(error) });
  }) satisfies ErrorRequestHandler);
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Puts every key into Redis, and the usual part into memory, without asking the database. A client that has just
 * been made is given time to connect first: with its queue switched off it would drop the writes.
 */
async function warm({ keys }: { keys: number }): Promise<void> {
  isWarming = true;
  await Promise.resolve(subject.fetch('product:0')).catch(() => {});
  await sleep(400);
  // The most wanted last: a memory layer begins with them.
  for (let from = keys - 1; from >= 0; from -= 100) {
    const ids = Array.from({ length: Math.min(100, from + 1) }, (_, i) => from - i);
    await Promise.all(ids.map((id) => fill(`product:${id}`)));
  }
  isWarming = false;
}

/** Written also where memory has it already, so that a second call writes what the first could not. */
function fill(key: string): unknown {
  if (subject.set === undefined) return subject.fetch(key);
  return subject.set(key, productOf(idOf(key), size));
}

function stats({ isCollected = false } = {}): AppStats {
  if (isCollected) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { queries, longestQueue } = database;
  return { queries, longestQueue, heapUsed, external, rss, unhandled };
}

const operations = {
  start,
  warm,
  stats,
  status: (): unknown => JSON.parse(JSON.stringify(subject.status?.() ?? null)),
};

export type AppOperations = typeof operations;
serve(operations);
