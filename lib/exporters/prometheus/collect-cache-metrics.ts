import { register as defaultRegister } from 'prom-client';
import type { Cache } from '../../api/cache.js';
import { CacheHealthError } from '../../core/errors.js';
import { invalid, parseOptions } from '../../core/validate.js';
import { FAMILIES } from '../families/all-families.js';
import {
  type HealthMetricsSource,
  type MetricsSource,
  parseCacheSource,
  parseHealthSource,
} from '../sources.js';
import { Collection } from './collection.js';
import { SnapshotMetric } from './snapshot-metric.js';

/** A `Registry` of prom-client, of whatever content type. */
export interface MetricRegistry {
  readonly contentType: string;
  registerMetric(metric: never): void;
  metrics(): Promise<string>;
  getSingleMetric?(name: string): unknown;
}

export interface CollectOptions {
  readonly cache: MetricsSource;
  /** Adds the status of the service and of each check. A scrape runs checks whose verdict is older than `maxAge`. @default none */
  readonly health?: HealthMetricsSource;
  /** @default the default registry of prom-client */
  readonly register?: MetricRegistry;
}

/** One collection per registry, so that several caches share their metrics, each with its label. */
const COLLECTIONS = new WeakMap<MetricRegistry, Collection>();

/**
 * Shows the numbers of a cache in a registry of prom-client. Call it once for each cache. The returned function
 * takes them away again.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option, or if two caches of one registry have the same name.
 */
export function collectCacheMetrics(options: CollectOptions): () => void {
  const subject = { name: 'collectCacheMetrics', code: 'ERR_CACHE_OPTION' } as const;
  const known = ['cache', 'health', 'register'] as const;
  const given = parseOptions<CollectOptions>(subject, options, known);
  const cache = parseCacheSource<Pick<Cache, 'metrics'>>(given.cache, ['metrics']);
  const health = parseHealthSource(given.health);
  const collection = collectionOf(parseRegister(given.register));
  const ends = [collection.add(cache)];
  if (health !== undefined) ends.push(collection.addHealth(health));
  return () => {
    for (const end of ends) end();
  };
}

/** @throws CacheHealthError `ERR_CACHE_OPTION` for something else than a registry. */
export function parseRegister(given: unknown): MetricRegistry {
  if (given === undefined) return defaultRegister;
  const { registerMetric, metrics } = (given ?? {}) as Partial<MetricRegistry>;
  if (typeof registerMetric === 'function' && typeof metrics === 'function') {
    return given as MetricRegistry;
  }
  throw invalid({ name: 'register', code: 'ERR_CACHE_OPTION' }, 'a Registry of prom-client', given);
}

function collectionOf(register: MetricRegistry): Collection {
  const known = COLLECTIONS.get(register);
  if (known !== undefined && isShown(register)) return known;
  refuseForeign(register);
  const collection = new Collection();
  for (const family of FAMILIES) {
    const metric = new SnapshotMetric(family, () => collection.family(family.name));
    register.registerMetric(metric as never);
  }
  COLLECTIONS.set(register, collection);
  return collection;
}

/** Whether the registry still has one of our metrics. If not, `clear()` was called, and it begins again. */
function isShown(register: MetricRegistry): boolean {
  return FAMILIES.some(({ name }) => register.getSingleMetric?.(name) instanceof SnapshotMetric);
}

/** All or nothing: a registry with some of our metrics would be of no use. */
function refuseForeign(register: MetricRegistry): void {
  const foreign = FAMILIES.find(({ name }) => register.getSingleMetric?.(name) !== undefined);
  if (foreign === undefined) return;
  throw new CacheHealthError(
    'ERR_CACHE_OPTION',
    `This registry already has a metric ${foreign.name}, of the application or of another copy of the package. Give another registry: register: new Registry().`,
  );
}
