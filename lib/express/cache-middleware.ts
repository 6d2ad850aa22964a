import './request-cache.js';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Cache } from '../api/cache.js';
import { CacheHandle } from '../cache/cache.js';
import { createCache } from '../cache/create-cache.js';
import type { CacheOptions } from '../cache/options.js';

/** The middleware, which also shows its cache: for health checks, warm-up and shutdown. */
export interface CacheMiddleware extends RequestHandler {
  readonly cache: Cache;
}

/**
 * Attaches a cache to each request as `req.cache`. All requests share the cache; each has its own
 * allowance for waiting on a sick Redis: one `commandTimeout` in all. Mounted twice, the first wins.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option. Never because Redis is away.
 */
export function cacheMiddleware(options?: CacheOptions | Cache): CacheMiddleware {
  const cache = options instanceof CacheHandle ? options : createCache(options as CacheOptions);
  function attachCache(req: Request, _res: Response, next: NextFunction): void {
    if (req.cache === undefined) req.cache = cache.forRequest();
    next();
  }
  return Object.assign(attachCache, { cache });
}
