import './request-cache.js';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Cache } from '../api/cache.js';
import { createCache } from '../cache/create-cache.js';
import type { CacheOptions } from '../cache/options.js';
import { type Maker, refuseRequest } from '../core/advice/uncalled.js';
import { CacheHealthError } from '../core/errors.js';
import { isCache } from '../core/is-cache.js';
import { describe, parseBoolean, parseOptions } from '../core/validate.js';
import { attach, isAttached, replaceWithin } from './attach.js';
import { reportUse } from './cache-status.js';

/** The middleware, which also shows its cache: for health checks, warm-up and shutdown. */
export interface CacheMiddleware extends RequestHandler {
  readonly cache: Cache;
}

/** How cacheMiddleware() uses a cache. */
export interface UseOptions {
  /** Whether answers whose handler used the cache get a `Cache-Status` header (RFC 9211). @default false */
  readonly cacheStatus?: boolean | undefined;
}

/** The options of a new cache and of its use. */
export interface MiddlewareOptions extends CacheOptions, UseOptions {}

/**
 * Attaches a cache to each request as `req.cache`. All requests share the cache; each has its own waiting
 * budget for a sick Redis: one `commandTimeout` in all.
 *
 * With `cacheStatus: true` each answer whose handler used the cache says in a `Cache-Status` header how.
 *
 * Takes options, a cache, or an object of yours that has every method of one. With a cache, `cacheStatus` belongs
 * into the second argument. The same cache may be mounted
 * twice. A different cache that is mounted for a router serves the handlers after it in that router.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option. Never because Redis is away.
 */
export function cacheMiddleware(
  given?: MiddlewareOptions | Cache,
  options?: UseOptions,
): CacheMiddleware {
  refuseRequest(MIDDLEWARE, given);
  const { cache, cacheStatus } = parse(given, options);
  function attachCache(req: Request, res: Response, next: NextFunction): void {
    const present: unknown = req.cache;
    if (present === undefined) attach(req, cache);
    else if (!isCache(present)) {
      next(conflict(present));
      return;
    } else if (!isAttached(req, cache)) replaceWithin(req, cache);
    if (cacheStatus && req.cache !== cache) reportUse(req.cache, res);
    next();
  }
  return Object.assign(attachCache, { cache });
}

function parse(
  given: MiddlewareOptions | Cache | undefined,
  options: UseOptions | undefined,
): { readonly cache: Cache; readonly cacheStatus: boolean } {
  const { cacheStatus: ofUse } = parseOptions<UseOptions>(USE, options, ['cacheStatus']);
  if (isCache<Cache>(given)) return { cache: given, cacheStatus: parseCacheStatus(ofUse) };
  if (!hasCacheStatus(given))
    return { cache: createCache(given), cacheStatus: parseCacheStatus(ofUse) };
  const { cacheStatus, ...ofCache } = given;
  const isReported = parseCacheStatus(cacheStatus ?? ofUse);
  return { cache: createCache(ofCache), cacheStatus: isReported };
}

function hasCacheStatus(given: MiddlewareOptions | undefined): given is MiddlewareOptions {
  return typeof given === 'object' && given !== null && Object.hasOwn(given, 'cacheStatus');
}

function parseCacheStatus(given: boolean | undefined): boolean {
  return given !== undefined && parseBoolean(CACHE_STATUS, given);
}

const USE = { name: 'the options argument', code: 'ERR_CACHE_OPTION' } as const;
const CACHE_STATUS = { name: 'cacheStatus', code: 'ERR_CACHE_OPTION' } as const;

const MIDDLEWARE: Maker = {
  name: 'cacheMiddleware',
  code: 'ERR_CACHE_OPTION',
  usage: 'app.use(cacheMiddleware())',
};

function conflict(present: unknown): CacheHealthError {
  return new CacheHealthError(
    'ERR_CACHE_OPTION',
    `req.cache is taken: something else has set it to ${describe(present)}, which is not a cache of express-cache-health. Mount cacheMiddleware() before it, or keep one of the two out of req.cache.`,
  );
}
