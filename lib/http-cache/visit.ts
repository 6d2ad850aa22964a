import type { NextFunction, Request, Response } from 'express';
import type { Cache } from '../api/cache.js';
import type { CacheTiers } from '../cache/cache-parts.js';
import { systemClock } from '../core/time/clock.js';
import { tagKey } from '../entry/entry-tags.js';
import { allTags } from '../loading/loading-options.js';
import { NO_TAGS } from '../loading/tags-option.js';
import { hasGiven } from './capture/given.js';
import { EdgeFields } from './edge/edge-fields.js';
import { Fill, type FillOptions } from './fill.js';
import { Ingredients, type Versions, versionsOf } from './ingredients.js';
import { type ResponseCacheConfig, tagsOf } from './options.js';
import type { Stored } from './record.js';
import type { Report } from './report.js';
import { cacheStatus } from './rules/cache-status.js';
import type { NotStored } from './rules/not-stored.js';
import { mayServe } from './rules/staleness.js';

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
  /** The tags that the route gives to this answer. */
  readonly tags: readonly string[];
  /** The route made tags of this request that cannot be. */
  readonly hasInvalidTags: boolean;
  /** The namespace of the cache. */
  readonly scope: string;
  /** Absent for a cache that is an object of the user's own. */
  readonly tiers: CacheTiers | undefined;
  /** Present if the route's answers may be stored by a CDN. */
  readonly edge: EdgeFields | undefined;
  /** The run of the handler for this request, once there is one. */
  fill: Fill | undefined;

  constructor(options: VisitOptions) {
    this.options = options;
    this.cache = options.req.cache;
    const { tiers } = this.cache as Cache & { readonly tiers?: CacheTiers };
    this.tiers = tiers;
    this.scope = tiers?.load.scope ?? '';
    const tags = tagsOf(options.config, options.req);
    this.hasInvalidTags = tags === undefined;
    this.tags = tags ?? NO_TAGS;
    const { edgeTtlMs, key } = options.config;
    if (edgeTtlMs === 0 || key !== undefined) return;
    if (tiers?.edge !== undefined) this.edge = new EdgeFields(tiers.edge, options.config);
    else options.report.noEdge(options.req.baseUrl + options.req.path);
  }

  /** The time by which the cache dates entries. */
  readonly now = (): number =>
    this.tiers?.store.timeOf(this.scope + this.options.key) ?? systemClock.wallNow();

  /** Whether a stored answer is for this visitor, and not too old. */
  mayGet(stored: Stored): boolean {
    const { req, res, config } = this.options;
    if (stored.head.withoutLocals === true && hasGiven(req, res)) return false;
    return mayServe(stored, this.now(), config);
  }

  /** The versions of the values that answers are made of. */
  get versions(): Versions | undefined {
    return this.tiers && versionsOf(this.tiers.store);
  }

  /** The names by which an answer is purged at the edge, besides those of the values that it was made of. */
  get names(): readonly string[] {
    const tags = this.tiers === undefined ? this.tags : allTags(this.tiers.load, this.tags);
    return [this.scope + this.options.key, ...tags.map(tagKey)];
  }

  /** The address of this request, as the edge knows it. */
  get address(): string {
    const { req } = this.options;
    return `${req.protocol}://${req.headers.host ?? req.hostname}${req.originalUrl}`;
  }

  /** Runs the handler. Its answer goes to the client; what it means for the cache is in `outcome`. */
  run(how: Pick<FillOptions, 'hasStale' | 'unstorable'>): Fill {
    const { req, res, next, config, report, covered } = this.options;
    const { versions, edge, address, now } = this;
    // Without a CDN the cache itself fences them.
    const tagNames = edge === undefined ? [] : this.names.slice(1);
    const ingredients =
      versions !== undefined && this.tiers?.isOfRequest === true
        ? new Ingredients(this.cache, { versions, scope: this.scope, tagNames })
        : undefined;
    const shared = edge && { fields: edge, keys: this.names, address };
    const fill = new Fill({ req, res, config, report, covered, now, ingredients, shared, ...how });
    this.fill = fill;
    next();
    return fill;
  }

  /** The cache has nothing to do with this request. */
  pass(reason: NotStored): void {
    const { req, res, next, report } = this.options;
    report.notStored(reason, req.baseUrl + req.path);
    res.append('Cache-Status', cacheStatus('fwd=bypass', `detail=${reason}`));
    // The handler may say something else.
    if (!res.hasHeader('cache-control')) this.edge?.refuse(res);
    next();
  }
}
