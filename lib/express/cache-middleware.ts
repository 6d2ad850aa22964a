import './request-cache.js';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Cache } from '../api/cache.js';
import { createCache } from '../cache/create-cache.js';
import type { CacheOptions } from '../cache/options.js';
import { CacheHealthError } from '../core/errors.js';
import { isCache } from '../core/is-cache.js';
import { describe } from '../core/validate.js';
import { attach, isAttached, replaceWithin } from './attach.js';

/** The middleware, which also shows its cache: for health checks, warm-up and shutdown. */
export interface CacheMiddleware extends RequestHandler {
  readonly cache: Cache;
}

/**
 * Attaches a cache to each request as `req.cache`. All requests share the cache; each has its own waiting
 * budget for a sick Redis: one `commandTimeout` in all.
 *
 * Takes options, a cache, or an object of yours that has every method of one. The same cache may be mounted
 * twice. A different cache that is mounted for a router serves the handlers after it in that router.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option. Never because Redis is away.
 */
export function cacheMiddleware(options?: CacheOptions | Cache): CacheMiddleware {
  const cache: Cache = isCache<Cache>(options) ? options : createCache(options);
  function attachCache(req: Request, _res: Response, next: NextFunction): void {
    const present: unknown = req.cache;
    if (present === undefined) attach(req, cache);
    else if (!isCache(present)) {
      next(conflict(present));
      return;
    } else if (!isAttached(req, cache)) replaceWithin(req, cache);
    next();
  }
  return Object.assign(attachCache, { cache });
}

function conflict(present: unknown): CacheHealthError {
  return new CacheHealthError(
    'ERR_CACHE_OPTION',
    `req.cache is taken: something else has set it to ${describe(present)}, which is not a cache of express-cache-health. Mount cacheMiddleware() before it, or keep one of the two out of req.cache.`,
  );
}
