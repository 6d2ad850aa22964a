// The application under test: Express 5, one subject, a database that is simulated and counted.

import { pbkdf2Sync } from 'node:crypto';
import express from 'express';
import { serve } from '../lib/rpc.mjs';
import { createSubject } from '../lib/subjects.mjs';
import { productOf } from '../lib/values.mjs';

/** A pool of connections, each busy for as long as its query takes. */
class Database {
  queries = 0;
  waiting = [];
  longestQueue = 0;
  #busy = 0;
  #connections;
  #ms;

  constructor({ connections, ms }) {
    this.#connections = connections;
    this.#ms = ms;
  }

  async query(id, bytes) {
    this.queries++;
    if (this.#busy >= this.#connections) {
      await new Promise((resolve) => {
        this.waiting.push(resolve);
        this.longestQueue = Math.max(this.longestQueue, this.waiting.length);
      });
    } else this.#busy++;
    await new Promise((resolve) => setTimeout(resolve, this.#ms));
    const next = this.waiting.shift();
    if (next === undefined) this.#busy--;
    else next();
    return productOf(id, bytes);
  }
}

let subject;
let database;
let server;
let isWarming = false;
let size = 0;
let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);
process.on('uncaughtException', () => unhandled++);

async function start({ name, redisPort, memoryMax, ttlMs, bytes, pool, work }) {
  database = new Database(pool);
  size = bytes;
  const load = (key) => {
    const id = Number(key.slice(8));
    return isWarming ? Promise.resolve(productOf(id, bytes)) : database.query(id, bytes);
  };
  subject = await createSubject(name, { port: redisPort, load, ttlMs, memoryMax });
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  if (subject.middleware !== undefined) app.use(subject.middleware);
  const fetch = subject.fetchFor ?? ((_req, key) => subject.fetch(key));
  app.get('/product/:id', async (req, res) => {
    const product = await fetch(req, `product:${req.params.id}`);
    if (work > 0) pbkdf2Sync('what a handler does', 'beside', work, 20, 'sha1');
    res.json(product);
  });
  app.use((error, _req, res, _next) => res.status(500).json({ error: String(error) }));
  await new Promise((resolve) => {
    server = app.listen(0, '127.0.0.1', resolve);
  });
  return server.address().port;
}

/**
 * Puts every key into Redis, and the usual part into memory, without troubling the database. A client that
 * has just been made is given time to connect first: with its queue switched off it would drop what comes.
 */
async function warm({ keys }) {
  isWarming = true;
  await subject.fetch('product:0').catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 400));
  // The most wanted last: a memory layer begins with them.
  for (let from = keys - 1; from >= 0; from -= 100) {
    const ids = Array.from({ length: Math.min(100, from + 1) }, (_, i) => from - i);
    await Promise.all(ids.map((id) => fill(`product:${id}`)));
  }
  isWarming = false;
}

/** Written also where memory has it already, so that a second call mends what the first could not write. */
function fill(key) {
  if (subject.set === undefined) return subject.fetch(key);
  return subject.set(key, productOf(Number(key.slice(8)), size));
}

function stats({ isCollected = false } = {}) {
  if (isCollected) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    queries: database.queries,
    longestQueue: database.longestQueue,
    heapUsed,
    external,
    rss,
    unhandled,
  };
}

serve({ start, warm, stats, status: () => JSON.parse(JSON.stringify(subject.status?.() ?? null)) });
