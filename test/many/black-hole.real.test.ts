import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Cluster } from '../support/many/cluster.js';
import { until } from '../support/wait.js';
import { keepLines, type Lines } from '../truth/world.js';

/** The network swallows what one process sends to one server, which the others reach: no failover comes. */
describe('one server of a Redis Cluster in a black hole', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let proxies: readonly FaultProxy[];
  let log: Lines;
  const caches: CacheHandle[] = [];

  before(async () => {
    cluster = await Cluster.start({ replicas: 0 });
    proxies = await Promise.all(cluster.masters.map(({ port }) => FaultProxy.start(port)));
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await cluster.stop();
  });
  beforeEach(() => {
    log = keepLines();
  });
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });

  const isNormal = (cache: CacheHandle): boolean => cache.status().mode === 'normal';

  async function open(redis: CacheOptions['redis'], logger: Lines | false): Promise<CacheHandle> {
    const cache = createCache({ redis, logger, commandTimeout: 200, memory: { max: 1_000 } });
    caches.push(cache);
    await until(() => isNormal(cache), 'Redis serves');
    return cache;
  }

  /** A process that reaches each server by its proxy. */
  const behind = (): Promise<CacheHandle> => {
    const proxyOf = (port: number): number =>
      proxies[cluster.masters.findIndex((node) => node.port === port)]?.port ?? port;
    const nodes = proxies.map(({ port }) => `redis://127.0.0.1:${port}`);
    const nat = ({ host, port }: { host: string; port: number }) => ({ host, port: proxyOf(port) });
    return open({ cluster: { nodes, nat } }, log);
  };

  it('has its keys in memory there, all others in Redis, and nothing deleted comes back', async () => {
    const [cut, other] = [await behind(), await open(cluster.url, false)];
    const [read, deleted, foreign] = cluster.keysOf(1, 3) as [string, string, string];
    const [well] = cluster.keysOf(0, 1) as [string];
    const proxy = proxies[1] as FaultProxy;
    for (const key of [read, deleted, foreign, well]) {
      expect(await cut.set(key, 'old')).to.equal('applied');
    }
    await proxy.blackhole();
    await until(() => cut.status().mode === 'degraded', 'it is noticed');
    expect(await cut.get(read)).to.equal('old');
    expect(await cut.delete(deleted)).to.equal('deferred');
    expect(await cut.set(well, 'new')).to.equal('applied');
    const states = cut.status().shards?.map(({ state }) => state === 'closed');
    expect(states).to.deep.equal([true, false, true]);
    expect(cut.status().message).to.include(`Keys of 127.0.0.1:${proxy.port} come from memory`);
    // The server is well, and another process changes it.
    expect(await other.delete(foreign)).to.equal('applied');
    expect(await other.set(read, 'newer')).to.equal('applied');
    await proxy.pass();
    await until(() => isNormal(cut), 'it is reached again', 30_000);
    await until(() => cut.status().journal.entries === 0, 'nothing waits');
    expect(await cut.get(foreign)).to.equal(undefined);
    expect(await cut.get(read)).to.equal('newer');
    expect(await other.get(deleted)).to.equal(undefined);
    expect(log.errors).to.have.lengthOf(1);
    expect(log.infos.filter((line) => line.includes('serves again'))).to.have.lengthOf(1);
  });
});
