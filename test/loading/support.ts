import type { CacheHandle } from '../../lib/cache/cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import type { Cache } from '../../lib/index.js';
import { cacheBy } from '../support/build-cache.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/wait.js';

/** A cache of memory alone whose time the test drives. */
export function cacheInHand(options: CacheOptions = {}): {
  cache: CacheHandle;
  clock: ManualClock;
} {
  const clock = new ManualClock();
  return { cache: cacheBy(clock, { redis: false, logger: false, ...options }), clock };
}

export async function untilNormal(...caches: readonly Cache[]): Promise<void> {
  await until(() => caches.every((cache) => cache.status().mode === 'normal'), 'Redis serves');
}
