import type { Request } from 'express';
import type { Cache } from '../api/cache.js';

/** A cache that a request has: the cache, the request's view of it, and the path below which it serves. */
interface Attachment {
  readonly cache: Cache;
  readonly view: Cache;
  readonly baseUrl: string;
}

/** Registered for the whole process: two copies of this package may serve one request. */
const ATTACHED: unique symbol = Symbol.for('express-cache-health.attached');

interface Attachable {
  /** The outermost first. */
  [ATTACHED]?: Attachment[];
}

/** Gives the request its own view of the cache. */
export function attach(req: Request, cache: Cache): void {
  const view = viewOf(cache);
  (req as Attachable)[ATTACHED] = [{ cache, view, baseUrl: req.baseUrl }];
  req.cache = view;
}

/** Whether `req.cache` is the request's view of this cache already. */
export function isAttached(req: Request, cache: Cache): boolean {
  const present = current(req);
  return present?.cache === cache && present.view === req.cache;
}

/**
 * Gives the request another cache while it is in the part of the application where this is called, which is
 * everything below the same path. After a request leaves that part, it has the previous cache again.
 */
export function replaceWithin(req: Request, cache: Cache): void {
  const { baseUrl, cache: before } = req;
  const attached = (req as Attachable)[ATTACHED] ?? [{ cache: before, view: before, baseUrl: '' }];
  // A request has one view of a cache, and so one waiting budget.
  const view = attached.find((each) => each.cache === cache)?.view ?? viewOf(cache);
  attached.push({ cache, view, baseUrl });
  (req as Attachable)[ATTACHED] = attached;
  Object.defineProperty(req, 'cache', {
    configurable: true,
    enumerable: true,
    get: () => current(req)?.view,
    set: (value: unknown) => {
      Object.defineProperty(req, 'cache', {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    },
  });
}

/** The innermost attachment of the part that the request is in. */
function current(req: Request): Attachment | undefined {
  const attached = (req as Attachable)[ATTACHED];
  return attached?.findLast(({ baseUrl }) => isBelow(req.baseUrl, baseUrl)) ?? attached?.[0];
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

/** A user's own object may have no views for requests. */
function viewOf(cache: Cache & { forRequest?(): Cache }): Cache {
  return typeof cache.forRequest === 'function' ? cache.forRequest() : cache;
}
