import type { SetOptions } from '../../api/loading.js';
import { escapeGlob } from '../../core/glob.js';
import { systemClock } from '../../core/time/clock.js';
import { looksLikeSeconds, warnOfSeconds } from '../../core/time/seconds.js';
import { describe, invalid, parseOptions } from '../../core/validate.js';
import { encodeValue } from '../../entry/codec.js';
import { RESERVED } from '../../entry/layout.js';
import { jitteredTtl } from '../../loading/early-refresh.js';
import { lifetimeMs } from '../../loading/lifetime.js';
import {
  allTags,
  LIFETIME_OPTIONS,
  optionsSubject,
  parseLifetimeOptions,
} from '../../loading/loading-options.js';
import { parseTags } from '../../loading/tags-option.js';
import type { NewValue } from '../../tiers/store.js';
import type { CacheConfig } from '../options.js';
import { oddPartOf } from './odd-key.js';
import { isPlainKey } from './plain-key.js';

/** The most characters in a key or a pattern. */
const MAX_LENGTH = 1_024;

/** The most tags that one call invalidates. */
const MAX_INVALIDATED = 1_000;

const KEY = { name: 'the cache key', code: 'ERR_CACHE_KEY' } as const;
const KEYS = { name: 'the keys', code: 'ERR_CACHE_KEY' } as const;
const PATTERN = { name: 'the pattern', code: 'ERR_CACHE_KEY' } as const;
const ENTRIES = { name: 'the entries', code: 'ERR_CACHE_OPTION' } as const;
const JOIN = "Join the parts that make it unique, such as 'product:42'; hash what is long.";
const SEVERAL = 'For several keys call getMany(), getOrSetMany() or deleteMany(), with one array.';

/** Checks what callers pass to the methods of one cache. */
export class Arguments {
  readonly config: CacheConfig;
  /** A key that begins with one of these would form a reserved name together with the end of the prefix. */
  readonly #forbiddenStarts: readonly string[];
  readonly #nowMs: () => number;
  #hasOddKey = false;

  /** `nowMs`: milliseconds since 1970 by the clock that dates entries. */
  constructor(config: CacheConfig, nowMs: () => number = systemClock.wallNow) {
    this.config = config;
    this.#nowMs = nowMs;
    this.#forbiddenStarts = startsThatComplete(RESERVED, config.prefix);
  }

  /** Refuses a value that cannot be a key. */
  checkKey(key: unknown): void {
    if (this.#forbiddenStarts.length === 0 && isPlainKey(key, MAX_LENGTH)) return;
    if (typeof key !== 'string' || key.length === 0 || key.length > MAX_LENGTH) {
      const advice = Array.isArray(key) ? SEVERAL : JOIN;
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

  /** The complete key: the namespace and the given key, which is checked. */
  fullKey(key: string): string {
    this.checkKey(key);
    const { scope } = this.config.load;
    return scope === '' ? key : scope + key;
  }

  /** The same for a key that is changed; it may be a new one. */
  changedKey(key: string): string {
    const full = this.fullKey(key);
    this.noteKey(key);
    return full;
  }

  get isNamespace(): boolean {
    return this.config.load.scope !== '';
  }

  /** Whether this complete key is in the namespace, or in one below. */
  isOwn(fullKey: string): boolean {
    return fullKey.startsWith(this.config.load.scope);
  }

  /** The key as the caller gave it. */
  ownKey(fullKey: string): string {
    const { scope } = this.config.load;
    return scope === '' ? fullKey : fullKey.slice(scope.length);
  }

  ownKeys(values: Map<string, unknown>): Map<string, unknown> {
    const { scope } = this.config.load;
    if (scope === '') return values;
    return new Map([...values].map(([key, value]) => [key.slice(scope.length), value]));
  }

  /** The complete tags in the options of `set`, which `ttlMs` has checked. */
  tags(given: SetOptions | undefined): readonly string[] {
    const { load } = this.config;
    if (given?.tags === undefined) return load.tags;
    return allTags(load, parseTags('tags', given.tags));
  }

  /** The complete tags that are to be invalidated. */
  invalidTags(given: unknown): readonly string[] {
    const { scope } = this.config.load;
    const tags = parseTags('the tags to invalidate', given, MAX_INVALIDATED);
    return scope === '' ? tags : tags.map((tag) => scope + tag);
  }

  /** Warns once of a key in which a value is missing. Not for hits: their key was looked at when it was stored. */
  noteKey(key: string): void {
    if (this.#hasOddKey) return;
    const part = oddPartOf(key);
    if (part === undefined) return;
    this.#hasOddKey = true;
    const text = `the key ${describe(key)} has the part '${part}', as a missing value has it in a template. Every call with such a key shares one value. Check the values before you build the key.`;
    this.config.warnings.once('a-key-with-undefined', text);
  }

  /** Warns once of a lifetime in a call that was probably meant in seconds. */
  noteTtl(ttl: unknown): void {
    if (looksLikeSeconds(ttl)) warnOfSeconds(this.config.warnings, 'ttl', ttl);
  }

  /** The glob of `clear()`; without one, that of all keys. */
  pattern(given: unknown): string {
    if (given === undefined) return '*';
    const { scope } = this.config.load;
    return scope === '' ? this.#pattern(given) : escapeGlob(scope) + this.#pattern(given);
  }

  #pattern(given: unknown): string {
    if (typeof given === 'string' && given.includes(RESERVED)) {
      const advice = "That name is kept for the cache's own records.";
      throw invalid({ ...PATTERN, advice }, `a glob without '${RESERVED}'`, given);
    }
    const isText = typeof given === 'string' && given !== '' && given.isWellFormed();
    if (isText && given.length <= MAX_LENGTH) {
      this.#notePattern(given);
      return given;
    }
    const expected = `a glob of 1 to ${MAX_LENGTH} characters, such as 'products:*'`;
    const advice = 'Call clear() without an argument to remove every key of this cache.';
    throw invalid({ ...PATTERN, advice }, expected, given);
  }

  /** A copy of the keys, so that the caller may change its own list. */
  keyList(keys: unknown): readonly string[] {
    // A text would count as a list of its characters.
    if (Array.isArray(keys)) return keys.slice();
    if (keys instanceof Set) return [...keys];
    const advice = "Write one array, such as ['product:1', 'product:2'].";
    throw invalid({ ...KEYS, advice }, 'an array of keys', keys);
  }

  /** A copy of the entries of `setMany`. */
  entryList(entries: unknown): readonly (readonly [string, unknown])[] {
    if (!isIterable(entries)) throw invalid({ ...ENTRIES, advice: PAIRS }, ITERABLE, entries);
    const list = [...entries];
    const odd = list.findIndex((entry) => !Array.isArray(entry) || entry.length !== 2);
    if (odd === -1) return list as (readonly [string, unknown])[];
    const subject = { ...ENTRIES, name: `entry ${odd} of setMany()`, advice: PAIRS };
    throw invalid(subject, 'a pair of key and value', list[odd]);
  }

  /** A value given to `set`, encoded, with its lifetime. */
  newValue(value: unknown, ttlMs: number): NewValue {
    const { ttlJitter, load } = this.config;
    return {
      payload: encodeValue(value),
      ttlMs: jitteredTtl(ttlMs, ttlJitter, Math.random()),
      graceMs: load.graceMs,
      loadMs: 0,
    };
  }

  /** `clear()` adds the prefix itself. */
  #notePattern(pattern: string): void {
    const { prefix, warnings } = this.config;
    if (!pattern.startsWith(prefix)) return;
    const rest = pattern.slice(prefix.length) || '*';
    const text = `the pattern ${describe(pattern)} begins with the prefix '${prefix}', which clear() adds itself, so it matches keys that begin with '${prefix}${prefix}'. Write clear(${describe(rest)}).`;
    warnings.once('a-pattern-with-the-prefix', text);
  }

  /** The lifetime in the options of `set`. */
  ttlMs(given: SetOptions | undefined): number {
    if (given === undefined) return this.config.load.ttlMs;
    const known = [...LIFETIME_OPTIONS, 'tags'] as const;
    const options = parseOptions<SetOptions>(optionsSubject(given), given, known);
    this.noteTtl(options.ttl);
    return lifetimeMs(parseLifetimeOptions(this.config.load.ttlMs, options), this.#nowMs());
  }
}

const PAIRS = "Write [['product:1', product]], or a Map.";
const ITERABLE = 'a list of pairs of key and value';

/** A text is a list of its characters, which are no entries. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/** For `name` 'abc' and a prefix that ends with 'a': 'bc'. */
function startsThatComplete(name: string, prefix: string): readonly string[] {
  const starts: string[] = [];
  for (let length = 1; length < name.length; length++) {
    if (prefix.endsWith(name.slice(0, length))) starts.push(name.slice(length));
  }
  return starts;
}
