import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cache, CacheMiddleware, CacheOptions } from '../../lib/index.js';
import { type Context, type Subject, urlOf } from './subject.js';

type Library = typeof import('../../lib/index.js');

export type OurSubject = Subject & {
  readonly cache: Cache;
  readonly middleware: CacheMiddleware;
  get(key: string): Promise<unknown>;
  fetchFor(req: object, key: string): Promise<unknown>;
};

/** The built package in `dist`, or the one whose entry file BENCH_SUBJECT names. */
export function library(): Promise<Library> {
  return import(pathToFileURL(resolve(process.env.BENCH_SUBJECT ?? 'dist/index.js')).href);
}

export async function ours(context: Context, options: CacheOptions = {}): Promise<OurSubject> {
  const { createCache, cacheMiddleware } = await library();
  const cache = createCache({
    redis: urlOf(context),
    ttl: context.ttlMs,
    logger: false,
    ...options,
  });
  return {
    cache,
    middleware: cacheMiddleware(cache),
    get: (key) => cache.get(key),
    fetch: (key) => cache.getOrSet(key, () => context.load(key)),
    fetchFor: (req, key) => (req as { cache: Cache }).cache.getOrSet(key, () => context.load(key)),
    set: (key, value) => cache.set(key, value),
    remove: (key) => cache.delete(key),
    status: () => cache.status(),
    close: () => cache.close(),
  };
}

/** Without Redis: memory alone. */
export function oursInMemory(
  context: Context,
  memory: { readonly share?: 'frozen' } = {},
): Promise<OurSubject> {
  return ours(context, { redis: false, memory: { max: context.memoryMax, ...memory } });
}

/** On the cluster whose URL BENCH_CLUSTER is. */
export function oursInCluster(context: Context): Promise<OurSubject> {
  return ours(context, { redis: process.env.BENCH_CLUSTER });
}

/** Through a request's own handle, with a fresh request each time. */
export async function oursPerRequest(context: Context): Promise<Subject> {
  const subject = await ours(context);
  type Arguments = Parameters<CacheMiddleware>;
  const fetch = (key: string): unknown => {
    const req = {};
    subject.middleware(req as Arguments[0], {} as Arguments[1], () => {});
    return subject.fetchFor(req, key);
  };
  return { ...subject, fetch };
}
