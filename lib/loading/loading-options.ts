import type { LoadOptions } from '../api/loading.js';
import { parseDuration } from '../core/time/duration.js';
import { invalid, parseOptions, type Subject } from '../core/validate.js';
import { LIFETIME_HINTS, lifetimeAdvice } from './option-hints.js';
import { parseTags } from './tags-option.js';

/** How values are loaded: the cache's settings, or those overridden by one call. */
export interface LoadConfig {
  readonly ttlMs: number;
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
}

/** Outside of any namespace. */
export const OUTSIDE: Pick<LoadConfig, 'tags' | 'scope'> = { tags: [], scope: '' };

export const LOAD_OPTIONS = [
  'ttl',
  'grace',
  'softTimeout',
  'loaderTimeout',
  'refreshAhead',
  'tags',
  'signal',
] as const;

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
  const own = parseLoadConfig(options);
  const { tags } = options;
  return tags === undefined
    ? { ...base, ...own }
    : { ...base, ...own, tags: allTags(base, parseTags('tags', tags)) };
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
