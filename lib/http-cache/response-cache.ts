import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type Maker, refuseRequest } from '../core/advice/uncalled.js';
import { CacheHealthError } from '../core/errors.js';
import { isCache } from '../core/is-cache.js';
import { describe } from '../core/validate.js';
import { Reads } from './capture/reads.js';
import { invalidateOnSuccess } from './invalidate.js';
import { primaryKey } from './keys/url-keys.js';
import {
  parseResponseOptions,
  type ResponseCacheConfig,
  type ResponseCacheOptions,
} from './options.js';
import { jobOf } from './refresh.js';
import { Report, type ResponseCacheCounts } from './report.js';
import { planOf, wantsStoredOnly } from './request-plan.js';
import { Route } from './route.js';
import { Visit } from './visit.js';

/** The middleware of one route, which also shows what it did. */
export interface ResponseCache extends RequestHandler {
  counts(): ResponseCacheCounts;
}

/**
 * Caches whole answers of a route in `req.cache`: the same tiers, and the same truth after an outage of Redis. Mount it
 * after `cacheMiddleware()`, and after loggers, limiters and sessions.
 *
 * It is a shared cache (RFC 9111): what the handler says in `Cache-Control` is obeyed, and `ttl` is the lifetime of an
 * answer that says nothing. An answer whose handler read something that the key does not cover is not stored.
 * `Cache-Status` says what happened, with the reason if an answer was not stored.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function responseCache(options?: ResponseCacheOptions): ResponseCache {
  refuseRequest(RESPONSE_CACHE, options);
  const config = parseResponseOptions(options);
  const report = new Report();
  const route = new Route(config, report);
  function cacheResponse(req: Request, res: Response, next: NextFunction): void {
    handle({ req, res, next, config, report, route }).catch(next);
  }
  return Object.assign(cacheResponse, { counts: () => report.counts });
}

interface Handling {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly config: ResponseCacheConfig;
  readonly report: Report;
  readonly route: Route;
}

async function handle(handling: Handling): Promise<void> {
  const { req, config, route } = handling;
  const present: unknown = req.cache;
  if (!isCache(present)) throw missing(present);
  const { added, covered } = keyOf(req, config);
  const key = primaryKey(req, added);
  const visit = new Visit({ ...handling, key, covered });
  const job = jobOf(req, key);
  if (job !== undefined) return job.reached(visit.run({ hasStale: false }));
  if (config.skip(req)) return visit.pass('skip');
  if (config.key !== undefined && added === undefined) return visit.pass('no-key');
  await follow(visit, { added, route });
}

/** Does what the request's plan says. */
async function follow(
  visit: Visit,
  { added, route }: { readonly added: string | undefined; readonly route: Route },
): Promise<void> {
  const { req, res } = visit.options;
  const plan = planOf(req);
  if (plan.kind === 'change') return invalidateOnSuccess(visit, added);
  if (plan.kind === 'pass') return visit.pass(plan.reason);
  if (visit.hasInvalidTags) return visit.pass('invalid-tags');
  const isStoredOnly = wantsStoredOnly(req);
  if (plan.kind === 'share' && !isStoredOnly) return route.share(visit);
  if (await route.look(visit)) return;
  if (isStoredOnly) res.status(504).end();
  else visit.pass(plan.kind === 'look' ? plan.reason : 'not-shared');
}

/** What the route adds to the key, and what it read for that. */
function keyOf(
  req: Request,
  { key }: ResponseCacheConfig,
): { readonly added: string | undefined; readonly covered: ReadonlySet<string> } {
  if (key === undefined) return { added: undefined, covered: new Set() };
  const reads = new Reads(req);
  try {
    const added: unknown = key(reads.viewOf(req));
    return {
      added: typeof added === 'string' && added !== '' ? added : undefined,
      covered: reads.names,
    };
  } finally {
    reads.restore();
  }
}

const RESPONSE_CACHE: Maker = {
  name: 'responseCache',
  code: 'ERR_CACHE_OPTION',
  usage: "app.get('/products', responseCache({ ttl: '1m' }), handler)",
};

function missing(present: unknown): CacheHealthError {
  return new CacheHealthError(
    'ERR_CACHE_OPTION',
    `responseCache() needs a cache in req.cache, got ${describe(present)}. Write app.use(cacheMiddleware()) before it.`,
  );
}
