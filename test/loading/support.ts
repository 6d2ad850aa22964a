import type { CacheHandle } from '../../lib/cache/cache.js';
import { buildCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import type { Cache } from '../../lib/index.js';
import { noRedis } from '../../lib/redis/no-redis.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/wait.js';

/** A cache of memory alone whose time the test drives. */
export function cacheInHand(options: CacheOptions = {}): {
  cache: CacheHandle;
  clock: ManualClock;
} {
  const clock = new ManualClock();
  const config = parseCacheOptions({ redis: false, logger: false, ...options });
  return { cache: buildCache(config, { clock, remote: noRedis(clock) }), clock };
}

export async function untilNormal(...caches: readonly Cache[]): Promise<void> {
  await until(() => caches.every((cache) => cache.status().mode === 'normal'), 'Redis serves');
}
