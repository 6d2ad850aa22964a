import { types } from 'node:util';
import type { LoadOptions, SetOptions } from '../api/loading.js';
import { LONGEST_MS, parseDuration } from '../core/time/duration.js';
import { invalid, parseOptions, type Subject } from '../core/validate.js';
import type { Share } from '../entry/sharing.js';
import type { FreshnessConfig } from './freshness/freshness-options.js';
import type { Lifetime } from './lifetime.js';
import { LIFETIME_HINTS, lifetimeAdvice } from './option-hints.js';
import { parseTags } from './tags-option.js';

/** How values are loaded: the cache's settings, or those overridden by one call. */
export interface LoadConfig extends Lifetime {
  readonly graceMs: number;
  /** `Infinity`: a caller waits for the loader as long as it takes. */
  readonly softTimeoutMs: number;
  readonly loaderTimeoutMs: number;
  /** XFetch's beta; 0 is off. */
  readonly refreshAhead: number;
  /** The tags of every value, complete. */
  readonly tags: readonly string[];
  /** What complete keys and tags begin with: the namespace; '' outside of any. */
  readonly scope: string;
}

/** The cache's options that loading needs, parsed. */
export interface LoadingConfig {
  /** What traces call the cache. */
  readonly name: string;
  readonly ttlJitter: number;
  readonly leaseWaitMs: number;
  /** Absent: the mode decides. */
  readonly maxConcurrentLoads: number | undefined;
  readonly maxQueuedLoads: number;
  /** How callers get values. @default 'copy' */
  readonly share?: Share | undefined;
  /** Absent: no hit is audited. */
  readonly freshness?: FreshnessConfig | undefined;
}

/** Outside of any namespace. */
export const OUTSIDE: Pick<LoadConfig, 'tags' | 'scope'> = { tags: [], scope: '' };

/** The options that say when a value ends. */
export const LIFETIME_OPTIONS = ['ttl', 'expiresAt', 'align'] as const;

export const LOAD_OPTIONS: readonly (keyof LoadOptions)[] = [
  ...LIFETIME_OPTIONS,
  'grace',
  'softTimeout',
  'loaderTimeout',
  'refreshAhead',
  'tags',
  'signal',
];

const OPTIONS: Subject = { ...subject('the options argument'), hints: LIFETIME_HINTS };

/** How the options of a call are called in an error. */
export function optionsSubject(given: unknown): Subject {
  return typeof given === 'object' ? OPTIONS : { ...OPTIONS, advice: lifetimeAdvice(given) };
}

/** Overrides the cache's options by those of one call. */
export function parseLoadOptions(base: LoadConfig, given: LoadOptions | undefined): LoadConfig {
  if (given === undefined) return base;
  const options = parseOptions<LoadOptions>(optionsSubject(given), given, LOAD_OPTIONS);
  checkSignal(options.signal);
  const own = { ...parseLoadConfig(options), ...parseEnd(options) };
  const { tags } = options;
  return tags === undefined
    ? { ...base, ...own }
    : { ...base, ...own, tags: allTags(base, parseTags('tags', tags)) };
}

/**
 * When a value ends by the options of one call. If they name an instant or a boundary and no `ttl`, that alone decides.
 */
export function parseLifetimeOptions(ttlMs: number, options: SetOptions): Lifetime {
  const { ttl } = options;
  const own = ttl === undefined ? {} : { ttlMs: parseDuration(subject('ttl'), ttl) };
  return { ttlMs, ...parseEnd(options), ...own };
}

/** Empty if the options name no end. */
function parseEnd({ ttl, expiresAt, align }: SetOptions): Partial<Lifetime> {
  if (expiresAt === undefined && align === undefined) return {};
  return {
    ...(ttl === undefined && { ttlMs: LONGEST_MS }),
    endsAtMs: expiresAt === undefined ? undefined : parseInstant(expiresAt),
    alignMs: align === undefined ? undefined : parseDuration(subject('align'), align),
  };
}

/** Milliseconds since 1970 that are below this are seconds, or no time of today. */
const EARLIEST_MS = 1e11;

function parseInstant(given: unknown): number {
  const ms = types.isDate(given) ? given.getTime() : given;
  if (typeof ms === 'number' && ms >= EARLIEST_MS && ms <= 8.64e15) return ms;
  const advice = 'Seconds since 1970 times 1000 are milliseconds.';
  throw invalid({ ...subject('expiresAt'), advice }, 'a date, or milliseconds since 1970', given);
}

/** The tags of a value, complete: those of every value, and its own. */
export function allTags({ tags, scope }: LoadConfig, own: readonly string[]): readonly string[] {
  return own.length === 0 ? tags : [...tags, ...own.map((tag) => scope + tag)];
}

/** Parses the options that are present. */
export function parseLoadConfig(
  options: Omit<LoadOptions, 'signal' | 'tags'>,
): Partial<LoadConfig> {
  const { ttl, grace, softTimeout, loaderTimeout, refreshAhead } = options;
  return {
    ...(ttl !== undefined && { ttlMs: parseDuration(subject('ttl'), ttl) }),
    ...(grace !== undefined && { graceMs: parseDuration(subject('grace'), grace, 0) }),
    ...(softTimeout !== undefined && {
      softTimeoutMs: parseDuration(subject('softTimeout'), softTimeout, 0),
    }),
    ...(loaderTimeout !== undefined && {
      loaderTimeoutMs: parseDuration(subject('loaderTimeout'), loaderTimeout),
    }),
    ...(refreshAhead !== undefined && { refreshAhead: parseRefreshAhead(refreshAhead) }),
  };
}

function parseRefreshAhead(given: unknown): number {
  if (given === false) return 0;
  if (given === true) return 1;
  if (typeof given === 'number' && given > 0 && given <= 100) return given;
  throw invalid(subject('refreshAhead'), 'true, false or a number above 0 (1 is the usual)', given);
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw invalid(subject('signal'), 'an AbortSignal', signal);
}

function subject(name: string): Subject {
  return { name, code: 'ERR_CACHE_OPTION' };
}
