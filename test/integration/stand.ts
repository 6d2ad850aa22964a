import { type Cache, type CacheOptions, createCache } from '../../lib/index.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

/** What these tests say of a healthy Redis must not depend on how soon a busy machine lets it answer. */
const COMMAND_TIMEOUT_MS = 300;

let prefixes = 0;

/** One Redis for the tests of a file; each of its caches has a prefix of its own unless told otherwise. */
export class Stand {
  readonly redis: RedisServer;
  readonly #caches: Cache[] = [];

  private constructor(redis: RedisServer) {
    this.redis = redis;
  }

  static async start(): Promise<Stand> {
    return new Stand(await RedisServer.start());
  }

  /** A cache in normal mode. */
  async cache(options: CacheOptions = {}): Promise<Cache> {
    const cache = this.open(options);
    await isUp(cache);
    return cache;
  }

  /** A cache that may not be connected yet. */
  open(options: CacheOptions = {}): Cache {
    const prefix = this.prefix();
    const cache = createCache({
      redis: this.redis.url,
      prefix,
      logger: false,
      commandTimeout: COMMAND_TIMEOUT_MS,
      ...options,
    });
    this.#caches.push(cache);
    return cache;
  }

  prefix(): string {
    return `test:${++prefixes}:`;
  }

  async closeCaches(): Promise<void> {
    for (const cache of this.#caches.splice(0)) await cache.close();
  }

  async stop(): Promise<void> {
    await this.closeCaches();
    await this.redis.stop();
  }
}

export function isUp(cache: Cache): Promise<void> {
  return until(() => cache.status().status === 'up', 'the cache is up');
}

export function isDegraded(cache: Cache): Promise<void> {
  return until(() => cache.status().status === 'degraded', 'the cache is degraded');
}
