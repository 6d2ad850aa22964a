import type { SetOptions } from '../api/loading.js';
import { compileGlob } from '../core/glob.js';
import { invalid, parseOptions } from '../core/validate.js';
import { encodeValue } from '../entry/codec.js';
import { jitteredTtl } from '../loading/early-refresh.js';
import { RESERVED } from '../redis/commands/session.js';
import type { NewValue } from '../tiers/write.js';
import { type CacheConfig, parseTtl } from './options.js';

const MAX_LENGTH = 1_024;

const KEY = { name: 'the cache key', code: 'ERR_CACHE_KEY' } as const;

/** Rejects what cannot be a key before it gets lost somewhere. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_LENGTH) {
    const advice = "Join the parts that make it unique, such as 'product:42'; hash what is long.";
    throw invalid(KEY, `a text of 1 to ${MAX_LENGTH} characters`, key, advice);
  }
  if (!key.isWellFormed()) {
    throw invalid(
      KEY,
      'well-formed Unicode',
      key,
      'It has half of a surrogate pair: cut text with care.',
    );
  }
  if (key.startsWith(RESERVED)) {
    throw invalid(
      KEY,
      `a text that does not begin with '${RESERVED}', which is the cache's own`,
      key,
    );
  }
}

/** The glob of `clear()`, checked; all keys when there is none. */
export function checkPattern(pattern: unknown): string {
  if (pattern === undefined) return '*';
  if (typeof pattern !== 'string' || pattern === '' || !pattern.isWellFormed()) {
    const advice = 'Call clear() without an argument to remove every key of this cache.';
    throw invalid({ ...KEY, name: 'the pattern' }, "a glob such as 'products:*'", pattern, advice);
  }
  compileGlob(pattern);
  return pattern;
}

const SET_OPTIONS = { name: 'the options argument', code: 'ERR_CACHE_OPTION' } as const;

/** A value given to `set`, encoded, with its lifetime. */
export function parseNewValue(
  config: CacheConfig,
  value: unknown,
  options: SetOptions | undefined,
): NewValue {
  const ttlMs = jitteredTtl(readTtl(config, options), config.ttlJitter, Math.random());
  return { payload: encodeValue(value), ttlMs, graceMs: config.load.graceMs, loadMs: 0 };
}

function readTtl(config: CacheConfig, given: SetOptions | undefined): number {
  if (given === undefined) return config.load.ttlMs;
  const { ttl } = parseOptions<SetOptions>(SET_OPTIONS, given, ['ttl']);
  return ttl === undefined ? config.load.ttlMs : parseTtl(ttl);
}
