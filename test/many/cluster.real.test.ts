import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { slotOfKey } from '../../lib/redis/cluster/key-slot.js';
import { Cluster } from '../support/many/cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines, type Lines } from '../truth/world.js';

describe('a Redis Cluster', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let caches: CacheHandle[] = [];
  let log: Lines;

  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.stop());
  beforeEach(() => {
    log = keepLines();
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    caches = [];
  });

  const make = (options: CacheOptions = {}): CacheHandle => {
    const cache = createCache({
      redis: cluster.url,
      commandTimeout: 200,
      logger: log,
      memory: { max: 1_000 },
      ...options,
    });
    caches.push(cache);
    return cache;
  };
  const isNormal = (cache: CacheHandle): boolean => cache.status().mode === 'normal';
  const open = async (options: CacheOptions = {}): Promise<CacheHandle> => {
    const cache = make(options);
    await until(() => isNormal(cache), 'Redis serves');
    return cache;
  };
  const keyOn = async (node: RedisServer, key: string): Promise<string> =>
    String(await node.command('GET', `cache:${key}`).catch((error) => error.message));

  it('serves from its first answer on, each key from its own server', async () => {
    // The first call waits so long for the connections, which on a busy machine take seconds.
    const cache = make({ commandTimeout: 30_000 });
    const keys = [0, 1, 2].flatMap((share) => cluster.keysOf(share, 20));
    const entries = keys.map((key) => [key, `${key}!`] as const);
    expect(await cache.setMany(new Map(entries))).to.equal('applied');
    expect(isNormal(cache)).to.equal(true);
    const other = await open();
    const found = await other.getMany(keys);
    expect([...found]).to.deep.equal(entries);
    for (const share of [0, 1, 2]) {
      const [key] = cluster.keysOf(share, 1) as [string];
      expect(await keyOn(cluster.masters[share] as RedisServer, key)).to.include(`${key}!`);
    }
    expect(await other.deleteMany(keys)).to.equal('applied');
    expect((await cache.getMany(keys)).size).to.equal(0);
    expect(log.errors).to.deep.equal([]);
  });

  it('shows its shards', async () => {
    const cache = await open();
    const { shards = [], message } = cache.status();
    expect(shards.map(({ address, slots, state }) => [address, slots, state])).to.have.deep.members(
      cluster.masters.map(({ port }, share) => [
        `127.0.0.1:${port}`,
        cluster.rangeOf(share).join('-'),
        'closed',
      ]),
    );
    expect(message).to.match(/serves/);
  });

  it('is found by options, past nodes that are not there, and from a replica alone', async () => {
    const [replica] = [cluster.replicaOf(1)];
    const nodes = ['redis://127.0.0.1:1', replica.url];
    const cache = await open({ redis: { cluster: { nodes } } });
    expect(await cache.set('k', 1)).to.equal('applied');
  });

  it('loads a key once for all processes, on whichever server it is', async () => {
    const [a, b] = [await open(), await open()];
    for (const share of [0, 1, 2]) {
      const [key] = cluster.keysOf(share, 1) as [string];
      await a.delete(key);
      let loads = 0;
      const load = async (): Promise<string> => {
        loads++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return 'loaded';
      };
      const values = await Promise.all([a.getOrSet(key, load), b.getOrSet(key, load)]);
      expect(values).to.deep.equal(['loaded', 'loaded']);
      expect(loads).to.equal(1);
    }
  });

  it('is cleared on all servers: everything, and by a pattern', async () => {
    const [a, b] = [await open(), await open()];
    const keys = [0, 1, 2].flatMap((share) => cluster.keysOf(share, 10));
    await a.setMany(new Map(keys.map((key) => [key, 1])));
    expect(await a.clear('k1*')).to.equal('applied');
    const left = [...(await b.getMany(keys)).keys()];
    expect(left).to.have.members(keys.filter((key) => !key.startsWith('k1')));
    expect(await a.clear()).to.equal('applied');
    expect((await a.getMany(keys)).size).to.equal(0);
    await until(async () => (await b.getMany(keys)).size === 0, 'the other process notices');
  });

  it('a slot that moves, under writes and a clear: no deleted value is read', async () => {
    const [a, b] = [await open(), await open()];
    const [from, to] = cluster.masters as [RedisServer, RedisServer];
    const keys = cluster.keysOf(0, 400);
    const [slotKey] = keys as [string];
    const moving = [...new Set(keys.map((key) => slotOfKey(`cache:${key}`)))].slice(0, 40);
    const moved = keys.filter((key) => moving.includes(slotOfKey(`cache:${key}`)));
    const truth = new Map<string, number>();
    let stale = 0;
    let isOver = false;
    const writing = (async () => {
      for (let i = 1; !isOver; i++) {
        const key = moved[i % moved.length] as string;
        if (i % 7 === 0) {
          truth.delete(key);
          const isApplied = (await a.delete(key)) === 'applied';
          if (isApplied && (await b.get(key)) !== undefined) stale++;
        } else {
          truth.set(key, i);
          await a.set(key, i);
          const seen = await a.get<number>(key);
          if (seen !== undefined && seen !== i) stale++;
        }
        if (i % 200 === 0) {
          await a.clear();
          truth.clear();
        }
      }
    })();
    for (const slot of moving) await cluster.move(slot, from, to);
    isOver = true;
    await writing;
    await until(() => isNormal(a) && isNormal(b), 'Redis serves');
    await until(() => a.status().journal.entries === 0, 'nothing waits');
    for (const key of moved) {
      const seen = await b.get<number>(key);
      if (seen !== undefined && seen !== truth.get(key)) stale++;
    }
    expect(stale).to.equal(0);
    expect(await a.set(slotKey, 'here')).to.equal('applied');
    await until(async () => (await b.get(slotKey)) === 'here', 'the other process finds it');
    expect(await keyOn(to, slotKey)).to.include('here');
    for (const slot of moving) await cluster.move(slot, to, from);
    await until(() => isNormal(a) && isNormal(b), 'Redis serves');
    await until(async () => (await a.set(slotKey, 'back')) === 'applied', 'it is back');
  });

  it('one server freezes: its keys come from memory, the others from Redis, and its replica is found', async () => {
    const [a, b] = [await open(), await open()];
    const victim = cluster.masters[2] as RedisServer;
    const [struck] = cluster.keysOf(2, 1) as [string];
    const [well] = cluster.keysOf(0, 1) as [string];
    await a.set(struck, 'old');
    await a.set(well, 'well');
    expect(await a.get(struck)).to.equal('old');
    victim.hang();
    await until(() => a.status().mode === 'degraded', 'it is noticed');
    expect(await a.get(struck)).to.equal('old');
    expect(await a.delete(struck)).to.equal('deferred');
    expect(await a.set(well, 'still')).to.equal('applied');
    expect(await b.get(well)).to.equal('still');
    const { shards = [], message } = a.status();
    const away = shards.filter(({ state }) => state !== 'closed');
    expect(away.map(({ address }) => address)).to.deep.equal([`127.0.0.1:${victim.port}`]);
    expect(message).to.match(/2 of 3 shards serve/);
    await until(() => isNormal(a) && isNormal(b), 'the replica is used', 30_000);
    victim.thaw();
    expect(a.status().shards?.map(({ address }) => address)).to.include(
      `127.0.0.1:${cluster.replicaOf(2).port}`,
    );
    expect(await b.get(struck)).to.equal(undefined);
    expect(await a.set(struck, 'new')).to.equal('applied');
    expect(await b.get(struck)).to.equal('new');
    expect(log.errors).to.have.lengthOf(2);
  });
});
