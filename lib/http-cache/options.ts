import type { Request } from 'express';
import { type Duration, parseDuration } from '../core/time/duration.js';
import { invalid, parseFunction, parseInteger, parseOptions } from '../core/validate.js';
import { NO_TAGS, parseTags } from '../loading/tags-option.js';
import { varyNames } from './rules/vary.js';

export interface ResponseCacheOptions {
  /** How long an answer is fresh if its handler sets no lifetime of its own; 0: such answers are not stored. @default '1m' */
  readonly ttl?: Duration | undefined;
  /**
   * How long after its ttl an answer still serves at once, while a copy of the request runs through the application
   * to make a new one. @default 0
   */
  readonly swr?: Duration | undefined;
  /** How long after its ttl an answer still serves when the handler throws, answers 5xx or takes too long. @default 0 */
  readonly grace?: Duration | undefined;
  /** Request headers that the answers depend on. They become part of the key and of the `Vary` header. @default [] */
  readonly vary?: string | readonly string[] | undefined;
  /**
   * Returns what is added to the key, such as a tenant or a user. A request for which it returns no text is not
   * cached. What it reads of the request, the handler may read. @default nothing is added
   */
  readonly key?: ((req: Request) => string | undefined) | undefined;
  /**
   * How long the CDN in front of the application may keep an answer (option `edge` of the cache). Answers of a route with
   * `key` stay private. @default no lifetime is sent
   */
  readonly edgeTtl?: Duration | undefined;
  /**
   * Tags of the answers: `invalidateTags` removes them here and, with `edgeTtl`, at the CDN. A list, or a function of
   * the request. @default none
   */
  readonly tags?: readonly string[] | ((req: Request) => readonly string[]) | undefined;
  /** The largest body, in bytes, that is stored. @default 1048576 (1 MiB) */
  readonly maxBytes?: number | undefined;
  /**
   * What happens to an answer whose handler read something that the key does not cover: `'skip'` does not store it,
   * `'warn'` stores it and warns once. @default 'skip'
   */
  readonly unkeyedRead?: 'skip' | 'warn' | undefined;
  /** Returns whether a request goes past the cache. @default never */
  readonly skip?: ((req: Request) => boolean) | undefined;
}

/** `ResponseCacheOptions`, parsed once: complete, in milliseconds, frozen. */
export interface ResponseCacheConfig {
  readonly ttlMs: number;
  readonly swrMs: number;
  readonly graceMs: number;
  readonly vary: readonly string[];
  readonly key: ((req: Request) => string | undefined) | undefined;
  /** 0: the route says nothing to a CDN. */
  readonly edgeTtlMs: number;
  readonly tags: readonly string[] | ((req: Request) => readonly string[]);
  readonly maxBytes: number;
  readonly isStrict: boolean;
  readonly skip: (req: Request) => boolean;
}

const DEFAULTS: Readonly<{
  ttl: Duration;
  swr: Duration;
  grace: Duration;
  maxBytes: number;
  unkeyedRead: 'skip' | 'warn';
}> = Object.freeze({ ttl: '1m', swr: 0, grace: 0, maxBytes: 1024 * 1024, unkeyedRead: 'skip' });

const OPTIONS = [
  'ttl',
  'swr',
  'grace',
  'vary',
  'key',
  'edgeTtl',
  'tags',
  'maxBytes',
  'unkeyedRead',
  'skip',
] as const;

const HINTS: Readonly<Record<string, string>> = {
  maxage: "Write ttl: '1m'.",
  duration: "Write ttl: '1m'.",
  stalewhilerevalidate: "Write swr: '30s'.",
  staleiferror: "Write grace: '1h'.",
  sie: "Write grace: '1h'.",
  smaxage: "Write edgeTtl: '1h'.",
  cdnttl: "Write edgeTtl: '1h'.",
  edge: "It is an option of the cache. Write edgeTtl: '1h'.",
  headers: "Write vary: ['accept-language'].",
  methods: 'GET is stored, and HEAD is answered from it.',
};

const SUBJECT = {
  name: 'responseCache()',
  code: 'ERR_CACHE_OPTION',
  advice: "Write responseCache({ ttl: '1m' }).",
  hints: HINTS,
} as const;

const LARGEST = 32 * 1024 * 1024;

/** @throws CacheHealthError `ERR_CACHE_OPTION`. */
export function parseResponseOptions(given: ResponseCacheOptions | undefined): ResponseCacheConfig {
  const options = parseOptions<ResponseCacheOptions>(SUBJECT, given, OPTIONS);
  const {
    skip,
    key,
    edgeTtl,
    ttl = DEFAULTS.ttl,
    swr = DEFAULTS.swr,
    grace = DEFAULTS.grace,
  } = options;
  const { maxBytes = DEFAULTS.maxBytes, unkeyedRead = DEFAULTS.unkeyedRead } = options;
  if (!['skip', 'warn'].includes(unkeyedRead))
    throw invalid(subject('unkeyedRead'), "'skip' or 'warn'", unkeyedRead);
  return Object.freeze({
    ttlMs: parseDuration(subject('ttl'), ttl, 0),
    swrMs: parseDuration(subject('swr'), swr, 0),
    graceMs: parseDuration(subject('grace'), grace, 0),
    vary: parseVary(options.vary),
    key: key && parseFunction<(req: Request) => string | undefined>(subject('key'), key),
    edgeTtlMs: edgeTtl === undefined ? 0 : parseDuration(subject('edgeTtl'), edgeTtl, 1_000),
    tags: parseTagOption(options.tags),
    maxBytes: parseInteger(subject('maxBytes'), maxBytes, [1, LARGEST]),
    isStrict: unkeyedRead === 'skip',
    skip: skip === undefined ? () => false : parseFunction<never>(subject('skip'), skip),
  });
}

function parseTagOption(given: ResponseCacheOptions['tags']): ResponseCacheConfig['tags'] {
  if (given === undefined) return NO_TAGS;
  return typeof given === 'function' ? given : parseTags('tags', given);
}

/**
 * The tags of the answer to a request; `undefined`: the route made tags of it that cannot be, such as of a long part of the URL,
 * which a client chooses.
 *
 * @throws CacheHealthError `ERR_CACHE_TAG` if `tags` returned no list.
 */
export function tagsOf({ tags }: ResponseCacheConfig, req: Request): readonly string[] | undefined {
  if (typeof tags !== 'function') return tags;
  const given: unknown = tags(req);
  try {
    return parseTags('what tags() of responseCache() returned', given);
  } catch (error) {
    if (Array.isArray(given) || given instanceof Set) return undefined;
    throw error;
  }
}

function parseVary(given: unknown): readonly string[] {
  if (given === undefined) return [];
  const list = (Array.isArray(given) ? given : [given]) as unknown[];
  const names = list.every((name) => typeof name === 'string' && FIELD_NAME.test(name))
    ? varyNames(list.join(','))
    : '*';
  if (names !== '*' && !names.includes('cookie')) return names;
  const advice =
    names === '*'
      ? "Write vary: ['accept-language']."
      : 'Each visitor has a cookie of its own. Write key: (req) => req.session.id, or what you need of the cookie.';
  throw invalid({ ...subject('vary'), advice }, 'names of request headers except Cookie', given);
}

const FIELD_NAME = /^[\w!#$%&'+.^`|~-]+$/;

function subject(name: string): { readonly name: string; readonly code: 'ERR_CACHE_OPTION' } {
  return { name, code: 'ERR_CACHE_OPTION' };
}
