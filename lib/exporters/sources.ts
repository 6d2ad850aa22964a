import type { Cache } from '../api/cache.js';
import type { HealthMetrics, MetricsSnapshot } from '../api/metrics.js';
import { cacheIn } from '../core/is-cache.js';
import { invalid } from '../core/validate.js';

/** What `createCache()` or `cacheMiddleware()` returned. */
export type MetricsSource = Pick<Cache, 'metrics'> | { readonly cache: Pick<Cache, 'metrics'> };

/** What `healthRouter()` returned. */
export interface HealthMetricsSource {
  metrics(): Promise<HealthMetrics>;
}

const CODE = 'ERR_CACHE_OPTION';

/** The cache in what the user gave for one. `needed`: the methods that the exporter calls. */
export function parseCacheSource<Needed extends { metrics(): MetricsSnapshot }>(
  given: unknown,
  needed: readonly (keyof Needed & string)[],
): Needed {
  const cache = cacheIn<Needed>(given, needed);
  if (cache !== undefined) return cache;
  throw invalid(
    { name: 'cache', code: CODE },
    'what createCache() or cacheMiddleware() returned',
    given,
  );
}

export function parseHealthSource(given: unknown): HealthMetricsSource | undefined {
  if (given === undefined) return undefined;
  const { metrics } = (given ?? {}) as { readonly metrics?: unknown };
  if (typeof metrics === 'function') return given as HealthMetricsSource;
  throw invalid({ name: 'health', code: CODE }, 'what healthRouter() returned', given);
}
