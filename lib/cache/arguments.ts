import type { SetOptions } from '../api/loading.js';
import { invalid, parseOptions } from '../core/validate.js';
import { encodeValue } from '../entry/codec.js';
import { RESERVED } from '../entry/slot.js';
import { jitteredTtl } from '../loading/early-refresh.js';
import type { NewValue } from '../tiers/store.js';
import type { CacheConfig } from './options.js';
import { parseTtl } from './parse-options.js';

/** The most characters in a key or a pattern. */
const MAX_LENGTH = 1_024;

const KEY = { name: 'the cache key', code: 'ERR_CACHE_KEY' } as const;
const KEYS = { name: 'the keys', code: 'ERR_CACHE_KEY' } as const;
const PATTERN = { name: 'the pattern', code: 'ERR_CACHE_KEY' } as const;
const OPTIONS = { name: 'the options argument', code: 'ERR_CACHE_OPTION' } as const;

/** Checks what callers pass to the methods of one cache. */
export class Arguments {
  readonly #config: CacheConfig;
  /** A key that begins with one of these would form a reserved name together with the end of the prefix. */
  readonly #forbiddenStarts: readonly string[];

  constructor(config: CacheConfig) {
    this.#config = config;
    this.#forbiddenStarts = startsThatComplete(RESERVED, config.prefix);
  }

  /** Refuses a value that cannot be a key. */
  checkKey(key: unknown): void {
    if (typeof key !== 'string' || key.length === 0 || key.length > MAX_LENGTH) {
      const advice = "Join the parts that make it unique, such as 'product:42'; hash what is long.";
      throw invalid({ ...KEY, advice }, `a text of 1 to ${MAX_LENGTH} characters`, key);
    }
    if (!key.isWellFormed()) {
      const advice = 'It has half of a surrogate pair: cut text with care.';
      throw invalid({ ...KEY, advice }, 'well-formed Unicode', key);
    }
    if (key.includes(RESERVED) || this.#forbiddenStarts.some((start) => key.startsWith(start))) {
      const advice = "That name is kept for the cache's own records.";
      throw invalid(
        { ...KEY, advice },
        `a text that does not form '${RESERVED}' with the prefix`,
        key,
      );
    }
  }

  /** The glob of `clear()`; without one, that of all keys. */
  pattern(given: unknown): string {
    if (given === undefined) return '*';
    const isText = typeof given === 'string' && given !== '' && given.isWellFormed();
    if (isText && given.length <= MAX_LENGTH) return given;
    const expected = `a glob of 1 to ${MAX_LENGTH} characters, such as 'products:*'`;
    const advice = 'Call clear() without an argument to remove every key of this cache.';
    throw invalid({ ...PATTERN, advice }, expected, given);
  }

  /** A copy of the keys, so that the caller may change its own list. */
  keyList(keys: unknown): readonly string[] {
    // A text would count as a list of its characters.
    if (Array.isArray(keys)) return keys.slice();
    if (keys instanceof Set) return [...keys];
    throw invalid(KEYS, 'an array of keys', keys);
  }

  /** A value given to `set`, encoded, with its lifetime. */
  newValue(value: unknown, ttlMs: number): NewValue {
    const { ttlJitter, load } = this.#config;
    return {
      payload: encodeValue(value),
      ttlMs: jitteredTtl(ttlMs, ttlJitter, Math.random()),
      graceMs: load.graceMs,
      loadMs: 0,
    };
  }

  /** The lifetime in the options of `set`. */
  ttlMs(given: SetOptions | undefined): number {
    if (given === undefined) return this.#config.load.ttlMs;
    const { ttl } = parseOptions<SetOptions>(OPTIONS, given, ['ttl']);
    return ttl === undefined ? this.#config.load.ttlMs : parseTtl(ttl);
  }
}

/** For `name` 'abc' and a prefix that ends with 'a': 'bc'. */
function startsThatComplete(name: string, prefix: string): readonly string[] {
  const starts: string[] = [];
  for (let length = 1; length < name.length; length++) {
    if (prefix.endsWith(name.slice(0, length))) starts.push(name.slice(length));
  }
  return starts;
}
