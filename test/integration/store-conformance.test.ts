import { buildRemote } from '../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import { systemClock } from '../../lib/core/time/clock.js';
import { Turns } from '../../lib/core/time/turns.js';
import { MemoryTier } from '../../lib/memory/memory-tier.js';
import { Shards } from '../../lib/tiers/shards.js';
import { MemoryStandby } from '../../lib/tiers/standby.js';
import { TieredStore } from '../../lib/tiers/tiered-store.js';
import { FakeObserver } from '../support/fake-observer.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { type Subject, storeConformance } from '../tiers/store-conformance.js';

/** A store on that Redis, in real time. */
async function subjectOn(redis: string | false): Promise<Subject> {
  const clock = systemClock;
  const config = parseCacheOptions({ redis, logger: false, commandTimeout: '5s' });
  const remote = buildRemote(config, clock);
  const memory = new MemoryTier({ max: 1_000, maxBytes: 1_000_000 }, (key, reason) =>
    shards.evicted(key, reason),
  );
  const standby = new MemoryStandby(memory, clock);
  const tools = { config, clock, turns: new Turns(clock), observer: new FakeObserver(), standby };
  const shards = new Shards(remote, tools);
  const store = new TieredStore(shards);
  shards.start();
  await until(() => store.state.mode === 'normal', 'the store serves');
  return {
    store,
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    stop: () => shards.close(),
  };
}

storeConformance({
  name: 'tiers on memory alone',
  hasRedis: false,
  make: () => subjectOn(false),
});

describe('tiers on a Redis', () => {
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start();
  });

  after(() => redis.stop());

  storeConformance({
    name: 'tiers on a Redis',
    hasRedis: true,
    make: async () => {
      await redis.command('FLUSHALL');
      return subjectOn(redis.url);
    },
  });
});
