import { setTimeout as pause } from 'node:timers/promises';
import type { NextFunction, Request, Response } from 'express';
import type { Cache, CacheMiddleware } from '../../lib/index.js';

/** One request that was answered, or that failed. */
export interface Answered {
  readonly ms: number;
  readonly error: unknown;
}

const WORKERS = 8;
const PAUSE_MS = 3;

/** A cache as a handler of one request sees it. */
export function requestCache(middleware: CacheMiddleware): Cache {
  const req = {} as Request;
  middleware(req, {} as Response, (() => {}) as NextFunction);
  return req.cache;
}

/** Requests that use every method of the cache that is not a `clear`, and what became of them. */
export class Traffic {
  readonly answered: Answered[] = [];
  readonly #middleware: CacheMiddleware;
  #isRunning = false;
  #workers: Promise<void>[] = [];

  constructor(middleware: CacheMiddleware) {
    this.#middleware = middleware;
  }

  get failed(): readonly unknown[] {
    return this.answered.filter(({ error }) => error !== undefined).map(({ error }) => error);
  }

  get slowestMs(): number {
    return Math.max(0, ...this.answered.map(({ ms }) => ms));
  }

  /** Requests one after the other, from several visitors at once, until `stop()`. */
  start(): void {
    this.#isRunning = true;
    this.#workers = Array.from({ length: WORKERS }, async (_, worker) => {
      for (let i = 0; this.#isRunning; i++) {
        await this.request(`load:${worker}:${i % 5}`);
        await pause(PAUSE_MS);
      }
    });
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#workers);
  }

  async request(key: string): Promise<void> {
    const cache = requestCache(this.#middleware);
    const startedAt = performance.now();
    let error: unknown;
    try {
      await this.#handle(cache, key);
    } catch (thrown) {
      error = thrown ?? 'undefined was thrown';
    }
    this.answered.push({ ms: performance.now() - startedAt, error });
  }

  async #handle(cache: Cache, key: string): Promise<void> {
    const product = await cache.getOrSet(key, () => ({ key, stock: 1 }));
    if (product.key !== key) throw new Error(`${key} was answered with ${product.key}`);
    await cache.get(`${key}:missing`);
    await cache.set(`${key}:seen`, true, { ttl: '10s' });
    await cache.has(`${key}:seen`);
    await cache.getMany([key, `${key}:seen`]);
    await cache.setMany([
      [`${key}:a`, 1],
      [`${key}:b`, 2],
    ]);
    await cache.delete(`${key}:a`);
    const many = await cache.getOrSetMany(
      [key, `${key}:b`],
      (keys) => new Map(keys.map((k) => [k, k === key ? { key, stock: 1 } : 2])),
    );
    if (many.size !== 2) throw new Error(`${many.size} of 2 keys were given`);
  }
}
