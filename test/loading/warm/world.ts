import type { CacheHandle } from '../../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../../lib/cache/options.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import { ScriptedNetwork } from '../../../lib/testing/scripted-network.js';
import { ScriptedRedis } from '../../../lib/testing/scripted-redis/scripted-redis.js';
import { TestClock } from '../../../lib/testing/test-clock.js';

/** The name of the list in Redis. */
export const LIST = 'shop:__ech:{ech}:hot';

/** One scripted Redis, and the processes that share it. Time stands still until the test moves it. */
export class World {
  readonly clock = new TestClock();
  readonly redis = new ScriptedRedis(() => this.clock.wallNow());
  readonly warnings: string[] = [];
  readonly #caches: CacheHandle[] = [];

  /** A process that begins now. */
  process(options: CacheOptions = {}): CacheHandle {
    const network = new ScriptedNetwork('test', this.redis);
    const warn = (text: unknown): void => void this.warnings.push(String(text));
    const logger = { info: () => {}, warn, error: () => {} };
    const redis = () => network.createClient() as never;
    const config = parseCacheOptions({ prefix: 'shop:', redis, warm: true, logger, ...options });
    const remote = buildRemote(config, this.clock.ofRedis());
    const cache = buildCache(config, { clock: this.clock, remote });
    this.#caches.push(cache);
    return cache;
  }

  /** Writes a list as a process of the same application would have left it. */
  leaveList(keys: readonly string[], more: { readonly ageMs?: number } = {}): void {
    const at = this.clock.wallNow() - (more.ageMs ?? 0);
    this.leave(JSON.stringify({ format: 1, at, keys: keys.map((key, i) => [key, 100 - i / 10]) }));
  }

  leave(text: string): void {
    this.redis.execute(['SET', LIST, text]);
  }

  /** The names on the list, hottest first. */
  get listed(): readonly string[] {
    const { keys } = JSON.parse(String(this.redis.peek(LIST)));
    return keys.map(([key]: [string]) => key);
  }

  async end(): Promise<void> {
    await Promise.all(this.#caches.map((cache) => cache.close()));
  }
}
