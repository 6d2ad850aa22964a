import { compileGlob } from '../core/glob.js';
import { invalid } from '../core/validate.js';
import { RESERVED } from '../redis/session.js';

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
