import type { Clock } from '../core/clock.js';
import { noRedis } from '../redis/no-redis.js';
import type { Remote } from '../redis/remote.js';
import { RedisSessionSource } from '../redis/session-source.js';
import { SingleRemote } from '../redis/single.js';
import type { CacheConfig } from './options.js';

/** Redis as configured. */
export function buildRemote(config: CacheConfig, clock: Clock): Remote {
  if (config.redis === undefined) return noRedis(clock);
  const { redis, prefix, commandTimeoutMs, maxValueBytes } = config;
  const options = { prefix, clock, commandTimeoutMs };
  const source = new RedisSessionSource({ ...options, source: redis, maxValueBytes });
  return new SingleRemote({ ...options, source });
}
