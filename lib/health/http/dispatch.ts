import type { Request } from 'express';
import { isCache } from '../../core/is-cache.js';
import type { Checker } from '../checker/checker.js';
import type { HealthConfig } from '../options.js';
import type { LivePage } from '../page/live-page.js';
import type { CacheSource } from '../types.js';
import { findTarget } from './mount.js';
import { negotiate } from './negotiate.js';
import { ALLOWED, type Answer } from './respond.js';
import { problem, ROUTES } from './routes.js';
import { isPreflight, type Target } from './target.js';

const METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const PREFLIGHT: Answer = { code: 204, contentType: '', body: '', headers: { Allow: ALLOWED } };

/** What a router is made of. `page` is absent unless `ui` is on. */
export interface RouterParts {
  readonly checker: Checker;
  readonly page: LivePage | undefined;
}

/**
 * What to answer. `undefined` leaves the request to others: an unknown path where the router is mounted at
 * the root of the application. Below a path of its own the router answers unknown paths too, so that a
 * mistyped probe is not answered by a page. Liveness, which looks at nothing, is answered at once.
 */
export function answerTo(
  req: Request,
  { checker, page }: RouterParts,
  config: HealthConfig,
): Answer | undefined | Promise<Answer> {
  const target = findTarget(req, config.warnings);
  if (target === undefined) return undefined;
  const isOurs = page !== undefined || !isLeftToOthers(req);
  if (isOurs && isOfPage(target, req)) {
    // Loaded only if a browser asks for the page.
    const { pageAnswer } = require('./page-answer.js') as typeof import('./page-answer.js');
    return pageAnswer(req, { target, page }, config);
  }
  return routed(req, target, { checker, config });
}

function routed(
  req: Request,
  target: Target,
  { checker, config }: { readonly checker: Checker; readonly config: HealthConfig },
): Answer | undefined | Promise<Answer> {
  const route = ROUTES.get(target.endpoint);
  if (route === undefined || target.rest.length !== (route.isNamed ? 1 : 0)) {
    return isLeftToOthers(req) ? undefined : problem(404, 'no such endpoint');
  }
  if (!METHODS.has(req.method)) return problem(405, `use ${[...METHODS].join(', ')}`);
  if (isPreflight(req)) return PREFLIGHT;
  const writer = negotiate(req.headers.accept);
  const cache = config.cache ?? cacheOf(req);
  return route.answer({ checker, config, req, target, writer, cache });
}

/** At the root of an application, a path that we do not know may be one of the application's own. */
function isLeftToOthers({ baseUrl, url }: Request): boolean {
  return baseUrl === '' && !/^\/health(?:[/?]|$)/i.test(url);
}

function isOfPage({ endpoint }: Target, { method }: Request): boolean {
  return endpoint === 'ui' && (method === 'GET' || method === 'HEAD');
}

/** The middleware may be mounted before. Something else at that place is not reported on. */
export function cacheOf(req: Request): CacheSource | undefined {
  const { cache } = req as { cache?: unknown };
  return isCache<Extract<CacheSource, { status: unknown }>>(cache) ? cache : undefined;
}
