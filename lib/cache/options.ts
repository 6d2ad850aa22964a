import type { Warnings } from '../core/advice/warnings.js';
import type { Logger } from '../core/logger.js';
import type { Duration } from '../core/time/duration.js';
import type { Edge } from '../edge/edge.js';
import type { Share } from '../entry/sharing.js';
import type { FreshnessOptions } from '../loading/freshness/freshness-options.js';
import type { LoadConfig, LoadingConfig } from '../loading/loading-options.js';
import type { WarmConfig, WarmOptions } from '../loading/warm/warm-options.js';
import type { RedisClientLike, RedisOptions, RedisSource } from '../redis/redis-options.js';
import type { TierConfig } from '../tiers/tier-options.js';

export interface MemoryOptions {
  /** The most entries kept in memory. @default 100 */
  readonly max?: number | undefined;
  /** The most bytes of keys and encoded values kept in memory. @default 16777216 (16 MiB) */
  readonly maxBytes?: number | undefined;
  /** How long a value made while Redis is away lives at most. @default '30s' */
  readonly outageTtl?: Duration | undefined;
  /**
   * `'frozen'`: values are frozen to their depths, and all callers get the same object for a value that memory holds.
   * That is as quick as no copy at all, and a caller that changes a value gets a TypeError instead of a copy to change.
   * @default 'copy'
   */
  readonly share?: Share | undefined;
}

export interface NearOptions {
  /** At least 10 ms, and more than Redis needs for an answer. @default '250ms' */
  readonly maxStale?: Duration | undefined;
}

export interface JournalOptions {
  /**
   * The most changes remembered while Redis is away. One more, and everything under the prefix counts as
   * cleared.
   * @default 10000
   */
  readonly max?: number | undefined;
}

export interface CacheOptions {
  /**
   * A URL, node-redis options (with `sentinel` or `cluster` for several servers), a function that makes a
   * client, a client of your own (never closed by the cache), or `false` for memory alone.
   * @default process.env.REDIS_URL, else 'redis://localhost:6379'
   */
  readonly redis?:
    | string
    | RedisOptions
    | (() => RedisClientLike)
    | RedisClientLike
    | false
    | undefined;
  /** What every key in Redis begins with. @default 'cache:' */
  readonly prefix?: string | undefined;
  /** How long a value lives when `set` or `getOrSet` does not say. @default '5m' */
  readonly ttl?: Duration | undefined;
  /**
   * How long a sick Redis may go without an answer until it counts as hung. One command, and all commands of one request
   * together, waits for half of it, or for all of it where answers are usually slow.
   * @default '100ms'
   */
  readonly commandTimeout?: Duration | undefined;
  /** How long after its ttl a value may still be served when its loader fails or is slow; added to `ttl`. @default 0 */
  readonly grace?: Duration | undefined;
  /**
   * How long a caller waits for the loader if there is a stale value; 0: not at all.
   * @default as long as the loader takes
   */
  readonly softTimeout?: Duration | undefined;
  /** How long a loader may take before its callers get an error or a stale value. @default '60s' */
  readonly loaderTimeout?: Duration | undefined;
  /** Refreshes values shortly before they expire; slow loads are refreshed earlier. `true`, or a number above 1 for earlier still. @default false */
  readonly refreshAhead?: boolean | number | undefined;
  /** Shortens each ttl by a random share of at most this much, 0 to 0.1, so that values made together do not expire together. @default 0 */
  readonly ttlJitter?: number | undefined;
  /** How long a caller waits for another process that loads the same key; 0 not at all. @default '1s' */
  readonly leaseWait?: Duration | undefined;
  /** Loaders that may run at once. @default unlimited while Redis serves, 100 while it does not */
  readonly maxConcurrentLoads?: number | undefined;
  /** Loads that may wait for their turn; one more is refused with `ERR_CACHE_OVERLOADED`. @default 1000 */
  readonly maxQueuedLoads?: number | undefined;
  /** The fallback, or `false` for none. @default { max: 100, maxBytes: 16777216, outageTtl: '30s', share: 'copy' } */
  readonly memory?: MemoryOptions | false | undefined;
  /**
   * Answers hot keys from memory while Redis is used, because the server tells when they change. `maxStale`: how
   * old a change of another process may be before this one sees it. `true` means `{ maxStale: '250ms' }`.
   * @default false
   */
  readonly near?: NearOptions | boolean | undefined;
  /**
   * Fills the fallback with the values of hot keys at the start and after each outage: `true`, or what else it may
   * use. Readiness waits for it, 2 s at most.
   * @default false
   */
  readonly warm?: boolean | WarmOptions | undefined;
  /**
   * Measures how many hits are stale: `{ observe: ['product:'] }`. Learns lifetimes that keep a share of stale reads:
   * `{ targets: { 'product:': 0.01 } }`. @default off
   */
  readonly freshness?: FreshnessOptions | undefined;
  /** The largest value, in bytes of its text, that is stored; a larger one goes to its caller only. @default 33554432 (32 MiB) */
  readonly maxValueBytes?: number | undefined;
  /** Bounds on the writes kept for Redis. @default { max: 10000 } */
  readonly journal?: JournalOptions | undefined;
  /**
   * The CDN in front of the application, which the cache purges: `varnish()`, `fastly()` and others of
   * `express-cache-health/http-cache`. @default none
   */
  readonly edge?: Edge | undefined;
  /** What metrics, traces and logs call this cache: letters, digits, `_`, `.`, `:` and `-`. @default 'cache' */
  readonly name?: string | undefined;
  /**
   * Receives one line at a healthy start, two lines per outage, and warnings, each with fields. The same within a
   * minute is counted. `false` disables logging.
   * @default console
   */
  readonly logger?: Logger | false | undefined;
  /**
   * `false` switches the cache off: loaders run, nothing is stored, Redis is not contacted. The environment
   * variable `EXPRESS_CACHE_HEALTH=off` does the same and overrides this option.
   * @default true
   */
  readonly enabled?: boolean | undefined;
}

/** `CacheOptions`, parsed once: complete, in milliseconds, frozen. */
export interface CacheConfig extends TierConfig, LoadingConfig {
  readonly name: string;
  /** Absent: Redis is not used. */
  readonly redis: RedisSource | undefined;
  /** The address for messages, without credentials. */
  readonly redisName: string;
  readonly share: Share;
  readonly load: LoadConfig;
  /** Absent: off. */
  readonly warm: WarmConfig | undefined;
  readonly edge: Edge | undefined;
  readonly logger: Logger;
  /** Says each warning once. */
  readonly warnings: Warnings;
  /** The option or variable that switched the cache off, for messages; absent while it is on. */
  readonly disabledBy: string | undefined;
}

interface Defaults {
  readonly name: string;
  readonly prefix: string;
  readonly ttl: Duration;
  readonly commandTimeout: Duration;
  readonly grace: Duration;
  readonly softTimeout: number;
  readonly loaderTimeout: Duration;
  readonly refreshAhead: boolean;
  readonly ttlJitter: number;
  readonly leaseWait: Duration;
  /** The limit while Redis does not serve; there is none while it does. */
  readonly maxConcurrentLoads: number;
  readonly maxQueuedLoads: number;
  readonly memory: Required<MemoryOptions>;
  readonly near: false;
  readonly warm: boolean;
  readonly maxValueBytes: number;
  readonly journal: Required<JournalOptions>;
  readonly enabled: boolean;
}

export const DEFAULTS: Defaults = Object.freeze({
  name: 'cache',
  prefix: 'cache:',
  ttl: '5m',
  commandTimeout: '100ms',
  grace: 0,
  softTimeout: Number.POSITIVE_INFINITY,
  loaderTimeout: '60s',
  refreshAhead: false,
  ttlJitter: 0,
  leaseWait: '1s',
  maxConcurrentLoads: 100,
  maxQueuedLoads: 1_000,
  memory: Object.freeze({ max: 100, maxBytes: 16 * 1024 * 1024, outageTtl: '30s', share: 'copy' }),
  near: false,
  warm: false,
  maxValueBytes: 32 * 1024 * 1024,
  journal: Object.freeze({ max: 10_000 }),
  enabled: true,
});
