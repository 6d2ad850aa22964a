import type { Cache } from '../../lib/api/cache.js';
import type { MetricsSnapshot } from '../../lib/api/metrics.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';

const open: Cache[] = [];

/** A cache without Redis, which `closeCaches` closes. */
export function newCache(options: CacheOptions = {}): Cache {
  const cache = createCache({ redis: false, logger: false, ...options });
  open.push(cache);
  return cache;
}

export async function closeCaches(): Promise<void> {
  for (const cache of open.splice(0)) await cache.close();
}

/** A source of numbers whose snapshot the test decides. */
export function withSnapshot(change: Partial<MetricsSnapshot>): {
  metrics(): MetricsSnapshot;
  on(): () => void;
} {
  const snapshot = { ...newCache().metrics(), ...change };
  return { metrics: () => snapshot, on: () => () => {} };
}
