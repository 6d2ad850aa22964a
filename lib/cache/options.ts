import type { RedisClientOptions } from 'redis';
import { type Duration, parseDuration } from '../core/duration.js';
import { containLogger, type Logger, silentLogger } from '../core/logger.js';
import { describe, invalid, parseInteger, parseOptions } from '../core/validate.js';
import type { RedisClientLike, RedisSource } from '../redis/client.js';
import { parseRedis } from './redis-option.js';

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
  /** The fallback's bounds, or `false` for none. @default { max: 100, maxBytes: 16777216, outageTtl: '30s' } */
  readonly memory?: MemoryOptions | false;
  /** Bounds on the writes kept for Redis. @default { max: 10000 } */
  readonly journal?: JournalOptions;
  /** Two lines an outage; `false` silences them. @default console */
  readonly logger?: Logger | false;
}

/** `CacheOptions`, read once: complete, in milliseconds, frozen. */
export interface CacheConfig {
  /** Absent: memory alone. */
  readonly redis: RedisSource | undefined;
  /** The address for messages, without credentials. */
  readonly redisName: string;
  readonly prefix: string;
  readonly ttlMs: number;
  readonly commandTimeoutMs: number;
  /** Absent: no memory tier. */
  readonly memory: { readonly max: number; readonly maxBytes: number } | undefined;
  readonly outageTtlMs: number;
  readonly journalMax: number;
  readonly logger: Logger;
}

interface Defaults {
  readonly prefix: string;
  readonly ttl: Duration;
  readonly commandTimeout: Duration;
  readonly memory: Required<MemoryOptions>;
  readonly journal: Required<JournalOptions>;
}

export const DEFAULTS: Defaults = Object.freeze({
  prefix: 'cache:',
  ttl: '5m',
  commandTimeout: '100ms',
  memory: Object.freeze({ max: 100, maxBytes: 16 * 1024 * 1024, outageTtl: '30s' }),
  journal: Object.freeze({ max: 10_000 }),
});

const KNOWN = ['redis', 'prefix', 'ttl', 'commandTimeout', 'memory', 'journal', 'logger'] as const;

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
    ttlMs: parseTtl(options.ttl ?? DEFAULTS.ttl),
    commandTimeoutMs: parseDuration(
      subject('commandTimeout'),
      options.commandTimeout ?? DEFAULTS.commandTimeout,
    ),
    memory: memory?.limits,
    outageTtlMs: memory?.outageTtlMs ?? 0,
    journalMax: parseInteger(
      subject('journal.max'),
      journal.max ?? DEFAULTS.journal.max,
      1,
      MAX_ENTRIES,
    ),
    logger: parseLogger(options.logger),
  });
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
  if (typeof prefix !== 'string' || prefix === '' || prefix.length > 256) {
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
