import type { CacheHandle } from '../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import type { Clock } from '../../lib/core/time/clock.js';

/** A cache that lives by a clock of the test's. */
export function cacheBy(clock: Clock, options: CacheOptions): CacheHandle {
  const config = parseCacheOptions(options);
  return buildCache(config, { clock, remote: buildRemote(config, clock) });
}
