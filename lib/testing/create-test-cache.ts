import type { Cache } from '../api/cache.js';
import type { NamespaceOptions } from '../api/loading.js';
import type { CacheHandle } from '../cache/cache.js';
import { buildCache, buildRemote } from '../cache/create-cache.js';
import type { CacheConfig, CacheOptions } from '../cache/options.js';
import { parseCacheOptions } from '../cache/parse-options.js';
import type { Duration } from '../core/time/duration.js';
import type { RedisClientLike } from '../redis/connection/client.js';
import { Counts, type TestCounts } from './counts.js';
import type { RedisFault, World } from './faults.js';
import { ScriptedNetwork } from './scripted-network.js';
import { ScriptedRedis } from './scripted-redis/scripted-redis.js';
import { TestClock } from './test-clock.js';
import { TestControls } from './test-controls.js';

export interface BreakOptions {
  /**
   * `false`: breaks it at once, while the cache still trusts Redis, so that the next call finds out.
   * @default true
   */
  readonly untilNoticed?: boolean | undefined;
}

export interface RestoreOptions {
  /** `true`: Redis has lost all of its data. @default false */
  readonly isEmpty?: boolean | undefined;
}

/** A cache with its own time and its own Redis, both in the hands of a test. */
export interface TestCache extends Cache {
  /**
   * Moves the cache's time on. Values expire, and what the cache does in the background happens. Takes no real
   * time. The timers of your own code do not move.
   */
  advance(duration: Duration): Promise<void>;
  /**
   * Lets Redis confirm what was written, breaks it, and resolves when the cache has noticed: two or three seconds of
   * the cache's time. A Redis that only refuses writes (`read-only`, `full`) is noticed with the next write.
   */
  breakRedis(fault: RedisFault, options?: BreakOptions): Promise<void>;
  /** Ends every fault of Redis. Resolves when the cache uses Redis again: a few seconds of the cache's time. */
  restoreRedis(options?: RestoreOptions): Promise<void>;
  /**
   * How often this key was looked up and loaded since the start or `resetCounts()`; without a key, all keys together, those of
   * namespaces inside included.
   */
  counts(key?: string): TestCounts;
  resetCounts(): void;
  /** The namespace, which counts its own keys and moves the same time and the same Redis. */
  namespace(name: string, options?: NamespaceOptions): TestCache;
}

/**
 * Makes a cache for tests: the real one, with the Redis of a script in this process in place of a server, and
 * with time that stands still until `advance()`. It needs no network, logs nothing unless you pass a `logger`,
 * and works while the fake timers of Jest, Vitest or node:test are on. Each has a Redis of its own.
 *
 * Takes the options of `createCache()`; `redis` is ignored.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for a wrong option.
 */
export function createTestCache(options?: CacheOptions): TestCache {
  const clock = new TestClock();
  const redis = new ScriptedRedis(() => clock.wallNow());
  const network = new ScriptedNetwork('test', redis);
  const counts = new Counts();
  const config = configOf(options, clock, { redis, network });
  const remote = buildRemote(config, clock.ofRedis());
  const cache = buildCache(config, { clock, remote, watch: (observer) => counts.watch(observer) });
  return withControls(cache, new TestControls({ clock, cache, counts, world: { redis, network } }));
}

function configOf(options: CacheOptions | undefined, clock: TestClock, world: World): CacheConfig {
  const redis = (): RedisClientLike => clientOf(clock, world);
  const config = parseCacheOptions(
    isPlain(options) ? { logger: false, ...options, redis } : options,
  );
  return config.isEnabled ? { ...config, redisName: 'the scripted Redis' } : config;
}

/** Anything else than options is left for the check of the options, which explains it. */
function isPlain(options: unknown): options is CacheOptions | undefined {
  const maker = Object.getPrototypeOf(options ?? {})?.constructor;
  return options === undefined || maker === undefined || maker.name === 'Object';
}

/** While Redis is silent, each command lets time pass up to its deadline. */
function clientOf(clock: TestClock, { redis, network }: World): RedisClientLike {
  const client = network.createClient();
  const send = client.sendCommand.bind(client);
  return Object.assign(client, {
    sendCommand(args: readonly (string | Buffer)[]): Promise<unknown> {
      if (redis.isHung) clock.passWhile(() => redis.isHung);
      return send(args);
    },
  });
}

/** The handle itself gets the controls, so it stays what the middleware and the health router know. */
function withControls(cache: CacheHandle, controls: TestControls): TestCache {
  const { scope } = cache.tiers.load;
  const namespace = cache.namespace.bind(cache);
  return Object.assign(cache, {
    advance: (duration: Duration) => controls.advance(duration),
    breakRedis: (fault: RedisFault, options?: BreakOptions) => controls.breakRedis(fault, options),
    restoreRedis: (options?: RestoreOptions) => controls.restoreRedis(options),
    counts: (key?: string) => controls.counts(scope, key),
    resetCounts: () => controls.resetCounts(scope),
    namespace: (name: string, options?: NamespaceOptions) =>
      withControls(namespace(name, options), controls),
  });
}
