import type { Warnings } from '../../core/advice/warnings.js';
import { CacheHealthError } from '../../core/errors.js';
import { parseDuration } from '../../core/time/duration.js';
import { invalid, parseOptions, type Subject } from '../../core/validate.js';
import type { NearConfig } from '../../tiers/tier-options.js';
import type { CacheConfig, NearOptions } from '../options.js';

const SUBJECT: Subject = { name: 'near', code: 'ERR_CACHE_OPTION' };

const MAX_STALE_MS = 250;

/** A shorter one would be over before Redis has answered. */
const SHORTEST_MS = 10;

/** @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option, and without the memory that it needs. */
export function parseNear(
  given: unknown,
  { redis, memory }: Pick<CacheConfig, 'redis' | 'memory'>,
  warnings: Warnings,
): NearConfig | undefined {
  if (given === undefined || given === false) return undefined;
  const own = given === true ? {} : given;
  const { maxStale = MAX_STALE_MS } = parseOptions<NearOptions>(SUBJECT, own, ['maxStale']);
  const maxStaleMs = parseDuration({ ...SUBJECT, name: 'near.maxStale' }, maxStale);
  if (maxStaleMs < SHORTEST_MS) {
    const advice = 'Redis must answer within it.';
    throw invalid({ ...SUBJECT, name: 'near.maxStale', advice }, 'at least 10 ms', maxStale);
  }
  if (redis === undefined) return undefined;
  if (memory === undefined) {
    throw new CacheHealthError(
      SUBJECT.code,
      'near needs memory. Leave out memory: false, or near.',
    );
  }
  if (redis.kind === 'adopted') {
    const message =
      'near needs connections that the cache makes. Give redis as a URL, as options or as a function instead of a client.';
    throw new CacheHealthError(SUBJECT.code, message);
  }
  return Object.freeze({
    maxStaleMs,
    onSilent: () => warnings.once('a-near-cache-without-messages', SILENT),
  });
}

const SILENT =
  'near is off: Redis does not tell this cache which keys change. Its user needs +client|tracking and +client|caching, and a client that your function makes needs emitInvalidate: true. A proxy may not support it.';
