import { type Duration, parseDuration } from '../core/duration.js';
import { containLogger, type Logger, silentLogger } from '../core/logger.js';
import { describe, invalid, parseInteger, parseOptions } from '../core/validate.js';
import {
  type LoadConfig,
  type LoadingConfig,
  parseLoadConfig,
} from '../loading/loading-options.js';
import type {
  RedisClientLike,
  RedisClientOptions,
  RedisSource,
} from '../redis/connection/client.js';
import { parseRedis } from '../redis/redis-options.js';

export interface MemoryOptions {
  /** The most entries kept in memory. @default 100 */
  readonly max?: number;
  /** The most bytes of keys and encoded values kept in memory. @default 16777216 (16 MiB) */
  readonly maxBytes?: number;
  /** How long a value made while Redis is away lives at most. @default '30s' */
  readonly outageTtl?: Duration;
}

export interface JournalOptions {
  /** The most writes remembered while Redis is away; one more flushes the prefix when Redis is back. @default 10000 */
  readonly max?: number;
}

export interface CacheOptions {
  /**
   * A URL, node-redis options, a function that makes a client, a client of your own (never closed by the
   * cache), or `false` for memory alone. @default process.env.REDIS_URL, else 'redis://localhost:6379'
   */
  readonly redis?: string | RedisClientOptions | (() => RedisClientLike) | RedisClientLike | false;
  /** What every key in Redis begins with. @default 'cache:' */
  readonly prefix?: string;
  /** How long a value lives when `set` or `getOrSet` does not say. @default '5m' */
  readonly ttl?: Duration;
  /** How long one command, and all commands of one request together, may wait for a sick Redis. @default '100ms' */
  readonly commandTimeout?: Duration;
  /** How long after its ttl a value may still be served when its loader fails or is slow; added to `ttl`. @default 0 */
  readonly grace?: Duration;
  /** How long a caller waits for the loader when a stale value is at hand; 0 not at all. @default as long as the loader takes */
  readonly softTimeout?: Duration;
  /** How long a loader may take before its callers get an error or a stale value. @default '60s' */
  readonly loaderTimeout?: Duration;
  /** Refresh values before they expire, the likelier the dearer they were: `true`, or a number above 1 for earlier. @default false */
  readonly refreshAhead?: boolean | number;
  /** Shortens each ttl by a random share of at most this much, 0 to 0.1, so that values made together do not expire together. @default 0 */
  readonly ttlJitter?: number;
  /** How long a caller waits for another process that loads the same key; 0 not at all. @default '1s' */
  readonly leaseWait?: Duration;
  /** Loaders that may run at once. @default unlimited while Redis serves, 100 while it does not */
  readonly maxConcurrentLoads?: number;
  /** Loads that may wait for their turn; one more is refused with `ERR_CACHE_OVERLOADED`. @default 1000 */
  readonly maxQueuedLoads?: number;
  /** The fallback's bounds, or `false` for none. @default { max: 100, maxBytes: 16777216, outageTtl: '30s' } */
  readonly memory?: MemoryOptions | false;
  /** Bounds on the writes kept for Redis. @default { max: 10000 } */
  readonly journal?: JournalOptions;
  /** Two lines an outage; `false` silences them. @default console */
  readonly logger?: Logger | false;
}

/** `CacheOptions`, read once: complete, in milliseconds, frozen. */
export interface CacheConfig extends LoadingConfig {
  /** Absent: memory alone. */
  readonly redis: RedisSource | undefined;
  /** The address for messages, without credentials. */
  readonly redisName: string;
  readonly load: LoadConfig;
  /** Absent: no memory tier. */
  readonly memory: { readonly max: number; readonly maxBytes: number } | undefined;
  readonly journalMax: number;
  readonly logger: Logger;
}

interface Defaults {
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
  readonly journal: Required<JournalOptions>;
}

export const DEFAULTS: Defaults = Object.freeze({
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
  memory: Object.freeze({ max: 100, maxBytes: 16 * 1024 * 1024, outageTtl: '30s' }),
  journal: Object.freeze({ max: 10_000 }),
});

const KNOWN = [
  'redis',
  'prefix',
  'ttl',
  'commandTimeout',
  'grace',
  'softTimeout',
  'loaderTimeout',
  'refreshAhead',
  'ttlJitter',
  'leaseWait',
  'maxConcurrentLoads',
  'maxQueuedLoads',
  'memory',
  'journal',
  'logger',
] as const;

const MAX_JITTER = 0.1;
const MAX_ENTRIES = 10_000_000;
const MAX_BYTES = 64 * 1024 ** 3;

export function parseCacheOptions(given: unknown): CacheConfig {
  const options = parseOptions<CacheOptions>(subject('the cache'), given, KNOWN);
  const { source, name } = parseRedis(options.redis);
  const memory = parseMemory(options.memory);
  const journal = parseOptions<JournalOptions>(subject('journal'), options.journal, ['max']);
  return Object.freeze({
    redis: source,
    redisName: name,
    prefix: parsePrefix(options.prefix),
    load: parseLoad(options),
    ...parseLoading(options),
    commandTimeoutMs: parseDuration(
      subject('commandTimeout'),
      options.commandTimeout ?? DEFAULTS.commandTimeout,
    ),
    memory: memory?.limits,
    outageTtlMs: memory?.outageTtlMs ?? 0,
    journalMax: parseCount('journal.max', journal.max ?? DEFAULTS.journal.max),
    logger: parseLogger(options.logger),
  });
}

function parseLoad(options: CacheOptions): LoadConfig {
  return Object.freeze({
    ttlMs: parseTtl(DEFAULTS.ttl),
    graceMs: 0,
    softTimeoutMs: DEFAULTS.softTimeout,
    loaderTimeoutMs: parseDuration(subject('loaderTimeout'), DEFAULTS.loaderTimeout),
    refreshAhead: 0,
    ...parseLoadConfig(options),
  });
}

function parseLoading(
  options: CacheOptions,
): Pick<CacheConfig, 'ttlJitter' | 'leaseWaitMs' | 'maxConcurrentLoads' | 'maxQueuedLoads'> {
  const { maxConcurrentLoads, maxQueuedLoads = DEFAULTS.maxQueuedLoads } = options;
  return {
    ttlJitter: parseJitter(options.ttlJitter ?? DEFAULTS.ttlJitter),
    leaseWaitMs: parseDuration(subject('leaseWait'), options.leaseWait ?? DEFAULTS.leaseWait, 0),
    maxConcurrentLoads:
      maxConcurrentLoads === undefined
        ? undefined
        : parseCount('maxConcurrentLoads', maxConcurrentLoads),
    maxQueuedLoads: parseInteger(subject('maxQueuedLoads'), maxQueuedLoads, 0, MAX_ENTRIES),
  };
}

function parseJitter(given: unknown): number {
  if (typeof given === 'number' && given >= 0 && given <= MAX_JITTER) return given;
  throw invalid(subject('ttlJitter'), `a share from 0 to ${MAX_JITTER}`, given);
}

function parseCount(name: string, given: unknown): number {
  return parseInteger(subject(name), given, 1, MAX_ENTRIES);
}

/** A `ttl` in milliseconds. Zero would be a value that nobody can read. */
export function parseTtl(ttl: unknown): number {
  return parseDuration(subject('ttl'), ttl);
}

function parseMemory(
  given: unknown,
): { limits: { max: number; maxBytes: number }; outageTtlMs: number } | undefined {
  if (given === false) return undefined;
  const known = ['max', 'maxBytes', 'outageTtl'] as const;
  const options = parseOptions<MemoryOptions>(subject('memory'), given, known);
  const { max, maxBytes, outageTtl } = { ...DEFAULTS.memory, ...defined(options) };
  return {
    limits: {
      max: parseInteger(subject('memory.max'), max, 1, MAX_ENTRIES),
      maxBytes: parseInteger(subject('memory.maxBytes'), maxBytes, 1, MAX_BYTES),
    },
    outageTtlMs: parseDuration(subject('memory.outageTtl'), outageTtl),
  };
}

/** `undefined` equals absent. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

function parsePrefix(given: unknown): string {
  const prefix = given ?? DEFAULTS.prefix;
  if (
    typeof prefix !== 'string' ||
    prefix === '' ||
    prefix.length > 256 ||
    !prefix.isWellFormed()
  ) {
    const advice = 'It keeps this cache apart from everything else in the same Redis.';
    throw invalid(subject('prefix'), 'a text of 1 to 256 characters', given, advice);
  }
  return prefix;
}

function parseLogger(given: unknown): Logger {
  if (given === false) return silentLogger;
  const logger = (given ?? console) as Logger;
  for (const level of ['info', 'warn', 'error'] as const) {
    if (typeof logger?.[level] !== 'function') {
      const expected = 'an object with info(), warn() and error(), or false';
      const advice = `It has no ${level}(): got ${describe(logger?.[level])}.`;
      throw invalid(subject('logger'), expected, given, advice);
    }
  }
  return containLogger(logger);
}

function subject(name: string): { readonly name: string; readonly code: 'ERR_CACHE_OPTION' } {
  return { name, code: 'ERR_CACHE_OPTION' };
}
