import { expect } from 'chai';
import type { Lookup } from '../../lib/api/events.js';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { slotOfKey } from '../../lib/redis/cluster/key-slot.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Cluster } from '../support/many/cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines } from '../truth/world.js';

const MAX_STALE_MS = 250;

describe('the near cache on a real Redis', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  const caches: CacheHandle[] = [];

  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });

  async function open(options: CacheOptions = {}): Promise<CacheHandle> {
    const cache = createCache({
      redis: redis.url,
      near: { maxStale: MAX_STALE_MS },
      commandTimeout: '1s',
      logger: keepLines(),
      ...options,
    });
    caches.push(cache);
    await until(() => cache.status().mode === 'normal', 'Redis serves');
    return cache;
  }

  /** One read, with the tier that answered. */
  async function read(cache: CacheHandle, key = 'a'): Promise<readonly [unknown, Lookup['tier']]> {
    let tier: Lookup['tier'];
    const leave = cache.on('lookup', (lookup) => {
      tier = lookup.tier;
    });
    const value = await cache.get(key);
    leave();
    return [value, tier];
  }

  const becomesNear = (cache: CacheHandle, key = 'a'): Promise<void> =>
    until(async () => (await read(cache, key))[1] === 'near', 'it is near');

  it('answers hot keys from memory, and counts them', async () => {
    const [one, other] = [await open(), await open()];
    await one.set('a', 1);
    await becomesNear(other);
    const monitor = await redis.monitor();
    for (let i = 0; i < 100; i++) expect(await read(other)).to.deep.equal([1, 'near']);
    await monitor.stop();
    expect(monitor.lines.filter((line) => line.includes('GET" "cache:a"'))).to.deep.equal([]);
    expect(other.metrics().lookups.near.hit).to.be.least(100);
  });

  const CHANGES: Readonly<Record<string, (cache: CacheHandle) => Promise<unknown>>> = {
    set: (cache) => cache.set('a', 2),
    setMany: (cache) => cache.setMany([['a', 2]]),
    delete: (cache) => cache.delete('a'),
    deleteMany: (cache) => cache.deleteMany(['a']),
    'clear of a pattern': (cache) => cache.clear('a*'),
    clear: (cache) => cache.clear(),
    'a loaded value': async (cache) => {
      await cache.delete('a');
      return cache.getOrSet('a', () => 2);
    },
  };
  for (const [name, change] of Object.entries(CHANGES)) {
    it(`another process sees ${name}, and the same process at once`, async () => {
      const [one, other] = [await open(), await open()];
      await one.set('a', 1);
      await becomesNear(one);
      await becomesNear(other);
      await change(one);
      const now = (await read(one))[0];
      expect(now).to.not.equal(1);
      await until(
        async () => (await read(other))[0] === now,
        'the other one sees it',
        MAX_STALE_MS,
      );
      for (let i = 0; i < 20; i++) expect((await read(other))[0]).to.equal(now);
    });
  }

  it('another process invalidates a tag of a near key', async () => {
    const [one, other] = [await open(), await open()];
    await one.set('a', 1, { tags: ['red'] });
    await becomesNear(other);
    expect(await one.invalidateTags(['red'])).to.equal('applied');
    await until(async () => (await read(other))[0] === undefined, 'it sees it', 2_000);
    await one.set('a', 2, { tags: ['red'] });
    await until(async () => (await read(other))[0] === 2, 'it sees the next value', 2_000);
  });

  it('a change after an own change is seen too', async () => {
    const [one, other] = [await open(), await open()];
    await other.set('a', 1);
    await becomesNear(other);
    await other.set('a', 2);
    await becomesNear(other);
    await one.set('a', 3);
    await until(async () => (await read(other))[0] === 3, 'it sees it', MAX_STALE_MS);
  });

  it('goes to Redis when the table of the server overflows', async () => {
    const [one, other] = [await open(), await open()];
    await redis.command('CONFIG', 'SET', 'tracking-table-max-keys', '1');
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await one.set(key, 1);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      for (let i = 0; i < 4; i++) await other.get(key);
    }
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await one.set(key, 2);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await until(async () => (await read(other, key))[0] === 2, 'it sees it', MAX_STALE_MS);
    }
    await redis.command('CONFIG', 'SET', 'tracking-table-max-keys', '1000000');
  });

  /** Nothing comes through: no near hit `maxStale` after the last answer. */
  it('has nothing near any more once the server was silent for `maxStale`', async () => {
    const proxy = await FaultProxy.start(redis.port);
    const one = await open();
    const cut = await open({ redis: `redis://127.0.0.1:${proxy.port}`, commandTimeout: '5s' });
    await one.set('a', 1);
    await becomesNear(cut);
    await proxy.blackhole();
    await one.set('a', 2);
    const changedAt = performance.now();
    const seen: [number, Lookup['tier']][] = [];
    // Near hits come at once; the first read that is none waits for the silent server.
    for (let i = 0; i < 10_000; i++) {
      const began = performance.now();
      const [value, tier] = await Promise.race([
        read(cut),
        new Promise<[undefined, undefined]>((resolve) =>
          setTimeout(() => resolve([undefined, undefined]), 100),
        ),
      ]);
      if (tier !== 'near') break;
      if (value === 1) seen.push([began - changedAt, tier]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(Math.max(0, ...seen.map(([age]) => age))).to.be.most(MAX_STALE_MS);
    await proxy.close();
  });

  it('says once that the server does not tell', async () => {
    await redis.command(
      'ACL',
      'SETUSER',
      'shop',
      'on',
      '>pw',
      '~*',
      '&*',
      '+@all',
      '-client|tracking',
    );
    const lines = keepLines();
    const url = redis.url.replace('//', '//shop:pw@');
    const cache = await open({ redis: url, logger: lines });
    await cache.set('a', 1);
    for (let i = 0; i < 10; i++) expect((await read(cache))[1]).to.equal('redis');
    expect(lines.warnings.filter((line) => line.includes('near is off'))).to.have.lengthOf(1);
  });

  describe('of a cluster', () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await Cluster.start({ replicas: 0 });
    });
    after(() => cluster.stop());

    it('sees changes on each server, and of a key whose slot moves', async () => {
      const [one, other] = [await open({ redis: cluster.url }), await open({ redis: cluster.url })];
      const keys = [0, 1, 2].flatMap((share) => cluster.keysOf(share, 2));
      for (const key of keys) {
        await one.set(key, 1);
        await becomesNear(other, key);
        await one.set(key, 2);
        await until(async () => (await read(other, key))[0] === 2, 'it sees it', MAX_STALE_MS);
        await becomesNear(other, key);
      }
      const [key = ''] = cluster.keysOf(0, 1);
      const [from, to] = cluster.masters as [RedisServer, RedisServer];
      await cluster.move(slotOfKey(`cache:${key}`), from, to);
      await until(async () => (await one.set(key, 3)) === 'applied', 'the new server has it');
      await until(async () => (await read(other, key))[0] === 3, 'it sees it');
      await becomesNear(other, key);
      await one.set(key, 4);
      await until(async () => (await read(other, key))[0] === 4, 'it sees it', MAX_STALE_MS);
    });
  });
});
