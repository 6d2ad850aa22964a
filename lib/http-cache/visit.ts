import type { NextFunction, Request, Response } from 'express';
import type { Cache } from '../api/cache.js';
import { systemClock } from '../core/time/clock.js';
import { Fill, type FillOptions } from './fill.js';
import type { ResponseCacheConfig } from './options.js';
import type { Report } from './report.js';
import { cacheStatus } from './rules/cache-status.js';
import type { NotStored } from './rules/not-stored.js';

export interface VisitOptions {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly config: ResponseCacheConfig;
  readonly report: Report;
  readonly key: string;
  /** What the route's `key` has read. */
  readonly covered: ReadonlySet<string>;
}

/** One request on its way through the cache. Invariant: `next` is called once at most. */
export class Visit {
  readonly options: VisitOptions;
  readonly cache: Cache;
  /** The run of the handler for this request, once there is one. */
  fill: Fill | undefined;

  constructor(options: VisitOptions) {
    this.options = options;
    this.cache = options.req.cache;
  }

  /** The time by which the cache dates entries. */
  readonly now = (): number => {
    const cache = this.cache as Cache & { timeOf?(key: string): number };
    return cache.timeOf?.(this.options.key) ?? systemClock.wallNow();
  };

  /** Runs the handler. Its answer goes to the client; what it means for the cache is in `outcome`. */
  run(how: Pick<FillOptions, 'hasStale' | 'unstorable'>): Fill {
    const { req, res, next, config, report, covered } = this.options;
    const fill = new Fill({ req, res, config, report, covered, now: this.now, ...how });
    this.fill = fill;
    next();
    return fill;
  }

  /** The cache has nothing to do with this request. */
  pass(reason: NotStored): void {
    const { req, res, next, report } = this.options;
    report.notStored(reason, req.baseUrl + req.path);
    res.append('Cache-Status', cacheStatus('fwd=bypass', `detail=${reason}`));
    next();
  }
}
