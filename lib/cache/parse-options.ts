import { type Maker, refuseRequest } from '../core/advice/uncalled.js';
import type { Warnings } from '../core/advice/warnings.js';
import { containLogger, type Logger, prefixLogger, silentLogger } from '../core/logger.js';
import { parseDuration } from '../core/time/duration.js';
import { looksLikeSeconds, warnOfSeconds, warnOfShort } from '../core/time/seconds.js';
import { describe, invalid, parseInteger, parseOptions } from '../core/validate.js';
import type { Share } from '../entry/sharing.js';
import { type LoadConfig, OUTSIDE, parseLoadConfig } from '../loading/loading-options.js';
import { parseRedis } from '../redis/redis-options.js';
import { CACHE_HINTS, optionsAdvice } from './option-hints.js';
import {
  type CacheConfig,
  type CacheOptions,
  DEFAULTS,
  type JournalOptions,
  type MemoryOptions,
} from './options.js';
import { parseName, parsePrefix } from './parsing/names.js';
import { parseEdge, parseParts } from './parsing/parts.js';
import { warningsTo } from './status/log-lines.js';
import { parseSwitch } from './switch.js';

const KNOWN: readonly (keyof CacheOptions)[] = [
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
  'near',
  'warm',
  'freshness',
  'maxValueBytes',
  'journal',
  'edge',
  'name',
  'logger',
  'enabled',
];

const MAX_JITTER = 0.1;
const MAX_ENTRIES = 10_000_000;
const MAX_BYTES = 64 * 1024 ** 3;
/** The largest value that Redis accepts. */
const MAX_VALUE_BYTES = 512 * 1024 ** 2;

/** Numbers below this were probably meant in seconds. */
const SHORTEST_MS = { grace: 1_000, loaderTimeout: 1_000, leaseWait: 20, commandTimeout: 5 };

const CREATE_CACHE: Maker = {
  name: 'createCache',
  code: 'ERR_CACHE_OPTION',
  usage: 'app.use(cacheMiddleware())',
};

/** @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option. */
export function parseCacheOptions(given: unknown): CacheConfig {
  refuseRequest(CREATE_CACHE, given);
  refuseInstance(given);
  const what = { ...subject('the cache'), advice: optionsAdvice(given), hints: CACHE_HINTS };
  const options = parseOptions<CacheOptions>(what, given, KNOWN);
  const logger = parseLogger(options.logger);
  const name = parseName(options.name);
  const warnings = warningsTo(logger, name);
  const { commandTimeout = DEFAULTS.commandTimeout, maxValueBytes = DEFAULTS.maxValueBytes } =
    options;
  const disabledBy = parseSwitch(options.enabled);
  const tiers = parseTiers(options, disabledBy === undefined);
  const config = Object.freeze({
    ...tiers,
    ...parseParts(options, tiers, warnings),
    name,
    prefix: parsePrefix(options.prefix, tiers.redis?.kind === 'cluster'),
    load: parseLoad(options),
    ...parseLoading(options),
    commandTimeoutMs: parseDuration(subject('commandTimeout'), commandTimeout),
    maxValueBytes: parseInteger(subject('maxValueBytes'), maxValueBytes, [1, MAX_VALUE_BYTES]),
    journalMax: parseJournalMax(options.journal),
    edge: disabledBy === undefined ? parseEdge(options.edge) : undefined,
    logger,
    warnings,
    isEnabled: disabledBy === undefined,
    disabledBy,
  });
  warnOfOptions(warnings, options);
  return config;
}

/** Says once that a number was probably meant in seconds. */
function warnOfOptions(warnings: Warnings, options: CacheOptions): void {
  if (looksLikeSeconds(options.ttl)) warnOfSeconds(warnings, 'ttl', options.ttl);
  warnOfShort(warnings, options, SHORTEST_MS);
  const { memory } = options;
  if (typeof memory === 'object') {
    const { outageTtl } = memory;
    if (looksLikeSeconds(outageTtl)) warnOfSeconds(warnings, 'memory.outageTtl', outageTtl);
  }
}

/** A `ttl` in milliseconds. With zero, no read could ever find the value. */
export function parseTtl(ttl: unknown): number {
  return parseDuration(subject('ttl'), ttl);
}

/** An instance of a class has another meaning. Read as options it would be an empty object. */
function refuseInstance(given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return;
  const maker: unknown = Object.getPrototypeOf(given)?.constructor;
  // Compared by name, because an object of another realm (a Jest test, a vm) has an `Object` of its own.
  if (typeof maker !== 'function' || maker.name === 'Object') return;
  const advice = optionsAdvice(given);
  throw invalid({ ...subject('the cache'), advice }, 'an object of options', given);
}

/** A cache that is switched off has neither Redis nor memory, and does not read their options. */
function parseTiers(
  options: CacheOptions,
  isEnabled: boolean,
): Pick<CacheConfig, 'redis' | 'redisName' | keyof ParsedMemory> {
  const memory = parseMemory(options.memory);
  if (!isEnabled) {
    return { ...NO_MEMORY, redis: undefined, redisName: 'no Redis' };
  }
  const { source, name } = parseRedis(options.redis);
  return { redis: source, redisName: name, ...memory };
}

type ParsedMemory = Pick<CacheConfig, 'memory' | 'outageTtlMs' | 'share'>;

const NO_MEMORY: ParsedMemory = { memory: undefined, outageTtlMs: 0, share: 'copy' };

function parseMemory(given: unknown): ParsedMemory {
  if (given === false) return NO_MEMORY;
  const known = ['max', 'maxBytes', 'outageTtl', 'share'] as const;
  const options = parseOptions<MemoryOptions>(subject('memory'), given, known);
  const {
    max = DEFAULTS.memory.max,
    maxBytes = DEFAULTS.memory.maxBytes,
    outageTtl = DEFAULTS.memory.outageTtl,
    share = DEFAULTS.memory.share,
  } = options;
  return {
    memory: Object.freeze({
      max: parseInteger(subject('memory.max'), max, [1, MAX_ENTRIES]),
      maxBytes: parseInteger(subject('memory.maxBytes'), maxBytes, [1, MAX_BYTES]),
    }),
    outageTtlMs: parseDuration(subject('memory.outageTtl'), outageTtl),
    share: parseShare(share),
  };
}

function parseShare(given: unknown): Share {
  if (given === 'copy' || given === 'frozen') return given;
  throw invalid(subject('memory.share'), "'copy' or 'frozen'", given);
}

function parseJournalMax(given: unknown): number {
  const { max = DEFAULTS.journal.max } = parseOptions<JournalOptions>(subject('journal'), given, [
    'max',
  ]);
  return parseInteger(subject('journal.max'), max, [1, MAX_ENTRIES]);
}

function parseLoad(options: CacheOptions): LoadConfig {
  return Object.freeze({
    ttlMs: parseTtl(DEFAULTS.ttl),
    graceMs: 0,
    softTimeoutMs: DEFAULTS.softTimeout,
    loaderTimeoutMs: parseDuration(subject('loaderTimeout'), DEFAULTS.loaderTimeout),
    refreshAhead: 0,
    ...OUTSIDE,
    ...parseLoadConfig(options),
  });
}

function parseLoading(
  options: CacheOptions,
): Pick<CacheConfig, 'ttlJitter' | 'leaseWaitMs' | 'maxConcurrentLoads' | 'maxQueuedLoads'> {
  const {
    ttlJitter = DEFAULTS.ttlJitter,
    leaseWait = DEFAULTS.leaseWait,
    maxConcurrentLoads,
    maxQueuedLoads = DEFAULTS.maxQueuedLoads,
  } = options;
  const limit = subject('maxConcurrentLoads');
  return {
    ttlJitter: parseJitter(ttlJitter),
    leaseWaitMs: parseDuration(subject('leaseWait'), leaseWait, 0),
    maxConcurrentLoads:
      maxConcurrentLoads === undefined
        ? undefined
        : parseInteger(limit, maxConcurrentLoads, [1, MAX_ENTRIES]),
    maxQueuedLoads: parseInteger(subject('maxQueuedLoads'), maxQueuedLoads, [0, MAX_ENTRIES]),
  };
}

function parseJitter(given: unknown): number {
  if (typeof given === 'number' && given >= 0 && given <= MAX_JITTER) return given;
  throw invalid(subject('ttlJitter'), `a share from 0 to ${MAX_JITTER}`, given);
}

function parseLogger(given: unknown): Logger {
  if (given === false) return silentLogger;
  const logger = (given === undefined ? console : given) as Logger;
  for (const level of ['info', 'warn', 'error'] as const) {
    if (typeof logger?.[level] !== 'function') {
      const expected = 'an object with info(), warn() and error(), or false';
      const advice = `It has no ${level}(): got ${describe(logger?.[level])}.`;
      throw invalid({ ...subject('logger'), advice }, expected, given);
    }
  }
  return prefixLogger(containLogger(logger), '[express-cache-health] ');
}

function subject(name: string): { readonly name: string; readonly code: 'ERR_CACHE_OPTION' } {
  return { name, code: 'ERR_CACHE_OPTION' };
}
