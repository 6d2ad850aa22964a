import type { Cache } from '../../api/cache.js';
import { CacheHealthError } from '../../core/errors.js';
import { cacheFamilies } from '../families/cache-families.js';
import { type Family, merged } from '../families/family.js';
import { healthFamilies, ownFamilies } from '../families/health-families.js';
import type { HealthMetricsSource } from '../sources.js';

type MetricsOf = Pick<Cache, 'metrics'>;

/** The caches and the health endpoints whose numbers one registry shows. */
export class Collection {
  readonly #caches = new Map<string, MetricsOf>();
  #health: HealthMetricsSource | undefined;
  #errors = 0;
  #running: Promise<readonly Family[]> | undefined;

  /** @throws CacheHealthError `ERR_CACHE_OPTION` for another cache of the same name. */
  add(cache: MetricsOf): () => void {
    const { name } = cache.metrics();
    const known = this.#caches.get(name);
    if (known !== undefined && known !== cache && !isClosed(known)) {
      throw new CacheHealthError(
        'ERR_CACHE_OPTION',
        `This registry already has a cache with the name '${name}'. Name one of them: createCache({ name: 'sessions' }).`,
      );
    }
    this.#caches.set(name, cache);
    return () => {
      if (this.#caches.get(name) === cache) this.#caches.delete(name);
    };
  }

  /** @throws CacheHealthError `ERR_CACHE_OPTION` for a second health router. */
  addHealth(health: HealthMetricsSource): () => void {
    if (this.#health !== undefined && this.#health !== health) {
      throw new CacheHealthError(
        'ERR_CACHE_OPTION',
        'This registry already has a health router. Give another registry: register: new Registry().',
      );
    }
    this.#health = health;
    return () => {
      if (this.#health === health) this.#health = undefined;
    };
  }

  /** All metrics of a scrape are read at once, and scrapes at the same time share them. Never rejects. */
  async family(name: string): Promise<Family | undefined> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined;
    });
    const families = await this.#running;
    return families.find((family) => family.name === name);
  }

  async #collect(): Promise<readonly Family[]> {
    const lists: (readonly Family[])[] = [];
    for (const cache of this.#caches.values()) {
      try {
        lists.push(cacheFamilies(cache.metrics()));
      } catch {
        this.#errors++;
      }
    }
    try {
      if (this.#health !== undefined) lists.push(healthFamilies(await this.#health.metrics()));
    } catch {
      this.#errors++;
    }
    return merged([ownFamilies(this.#errors), ...lists]);
  }
}

/** Its numbers stand still, so a new cache of its name takes its place. */
function isClosed(cache: MetricsOf): boolean {
  return cache.metrics().reason === 'closed';
}
