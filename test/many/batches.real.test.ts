import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { slotOfKey } from '../../lib/redis/cluster/key-slot.js';
import { Cluster } from '../support/many/cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

describe('bulk calls to a Redis Cluster', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let caches: CacheHandle[] = [];

  before(async () => {
    cluster = await Cluster.start({ replicas: 0, nodeTimeoutMs: 15_000 });
  });
  after(() => cluster.stop());
  afterEach(async () => {
    for (const cache of caches) await cache.close();
    caches = [];
  });

  const isNormal = (cache: CacheHandle): boolean => cache.status().mode === 'normal';
  const open = async (): Promise<CacheHandle> => {
    const options = { commandTimeout: 300, memory: { max: 10_000 }, logger: false } as const;
    const cache = createCache({ redis: cluster.url, ...options });
    caches.push(cache);
    await until(() => isNormal(cache), 'Redis serves');
    return cache;
  };
  const keys = (count: number): string[] =>
    [0, 1, 2].flatMap((share) => cluster.keysOf(share, count));
  const entriesOf = (names: readonly string[], value: unknown): Map<string, unknown> =>
    new Map(names.map((name) => [name, value]));
  const commandsOf = async (name: string): Promise<number> => {
    let calls = 0;
    for (const node of cluster.masters) {
      const text = String(await node.command('INFO', 'commandstats'));
      calls += Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    }
    return calls;
  };

  it('one command for the keys of a hash tag, and no server is asked across slots', async () => {
    const cache = await open();
    const tagged = Array.from({ length: 60 }, (_, i) => `{tenant:${i % 3}}:${i}`);
    // So that every server knows the script.
    await cache.setMany(entriesOf(keys(3), 0));
    const before = [await commandsOf('evalsha'), await commandsOf('mget')];
    expect(await cache.setMany(entriesOf(tagged, 1))).to.equal('applied');
    expect((await cache.getMany(tagged)).size).to.equal(60);
    // Heartbeats that fence writes may come between.
    expect((await commandsOf('evalsha')) - (before[0] ?? 0)).to.be.within(3, 9);
    expect((await commandsOf('mget')) - (before[1] ?? 0)).to.equal(3);
    for (const node of cluster.masters) {
      expect(String(await node.command('INFO', 'errorstats'))).not.to.include('CROSSSLOT');
    }
  });

  it('the keys of a frozen server come from memory, all others from Redis, within one commandTimeout', async () => {
    const [a, b] = [await open(), await open()];
    const all = keys(30);
    const [struck, well] = [all.slice(0, 30), all.slice(30)];
    await a.setMany(entriesOf(all, 'one'));
    expect((await b.getMany(all)).size).to.equal(90);
    cluster.masters[0]?.hang();
    try {
      expect(await a.setMany(entriesOf(all, 'two'))).to.equal('deferred');
      const seen = await b.getMany(all);
      expect(well.map((key) => seen.get(key))).to.deep.equal(well.map(() => 'two'));
      expect(struck.map((key) => seen.get(key))).to.deep.equal(struck.map(() => 'one'));
      const own = await a.getMany(all);
      expect([...own.values()]).to.deep.equal(all.map(() => 'two'));
      expect(await a.deleteMany(all)).to.equal('deferred');
      expect((await a.getMany(all)).size).to.equal(0);
      const asked: string[][] = [];
      const loaded = await b.getOrSetMany(all, (missing) => {
        asked.push([...missing]);
        return new Map(missing.map((key) => [key, 'three']));
      });
      expect(asked.flat().toSorted()).to.deep.equal(well.toSorted());
      expect(well.map((key) => loaded.get(key))).to.deep.equal(well.map(() => 'three'));
    } finally {
      cluster.masters[0]?.thaw();
    }
    await until(() => isNormal(a) && isNormal(b), 'all are used again');
    await until(() => a.status().journal.entries === 0, 'nothing waits');
    expect((await b.getMany(struck)).size).to.equal(0);
    expect((await a.getMany(well)).size).to.equal(60);
  });

  it('a slot that has moved: its keys alone are deferred, and then told to their new server', async () => {
    const [a, b] = [await open(), await open()];
    const [from, to] = cluster.masters as [RedisServer, RedisServer];
    const all = keys(20);
    await a.setMany(entriesOf(all, 'one'));
    const [moved] = all as [string];
    await cluster.move(slotOfKey(`cache:${moved}`), from, to);
    expect(await a.deleteMany(all)).to.be.oneOf(['deferred', 'applied']);
    expect(isNormal(a)).to.equal(true);
    await until(() => a.status().journal.entries === 0, 'nothing waits');
    expect((await b.getMany(all)).size).to.equal(0);
    await cluster.move(slotOfKey(`cache:${moved}`), to, from);
    await until(async () => (await a.set(moved, 'back')) === 'applied', 'it is back');
  });
});
