import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { Cluster, type ClusterOptions } from '../support/many/cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines, type Lines } from '../truth/world.js';

const FAILOVER_MS = 30_000;

describe('faults of a Redis Cluster', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let cache: CacheHandle;
  let log: Lines;

  const open = async (options: ClusterOptions): Promise<void> => {
    cluster = await Cluster.start(options);
    log = keepLines();
    cache = createCache({
      redis: cluster.url,
      commandTimeout: 200,
      logger: log,
      memory: { max: 1_000 },
    });
    await until(isNormal, 'Redis serves');
  };
  afterEach(async () => {
    await cache.close();
    await cluster.stop();
  });

  const isNormal = (): boolean => cache.status().mode === 'normal';
  const stateOf = (node: RedisServer): string | undefined =>
    cache.status().shards?.find(({ address }) => address.endsWith(`:${node.port}`))?.state;
  const clientsOf = async (node: RedisServer): Promise<string[]> =>
    String(await node.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')).match(/^id=\d+/gm) ?? [];

  it('a killed server, full coverage: all is degraded while the cluster is down, and no connection is rebuilt', async () => {
    await open({ isFullCoverage: true });
    const [victim, ...others] = cluster.masters as [RedisServer, RedisServer, RedisServer];
    const key = cluster.keysOf(1, 1)[0] as string;
    await cache.set(key, 'kept');
    const before = await Promise.all(others.map(clientsOf));
    let isDown = false;
    await victim.kill();
    const keys = [1, 2].flatMap((share) => cluster.keysOf(share, 1));
    await until(
      async () => {
        // Without a call, the cache may not notice how short it was.
        await Promise.all(keys.map((each) => cache.get(each)));
        const states = others.map(stateOf);
        isDown ||= states.every((state) => state !== 'closed');
        const why = cache.status().shards?.some(({ reason }) => reason === 'cluster_down');
        return isDown && why === true;
      },
      'the whole cluster is down',
      FAILOVER_MS,
    );
    expect(await cache.get(key)).to.equal('kept');
    expect(await cache.set(key, 'later')).to.equal('deferred');
    await until(isNormal, 'all is as before', FAILOVER_MS);
    const after = await Promise.all(others.map(clientsOf));
    before.forEach((ids, i) => {
      expect(
        ids.some((id) => after[i]?.includes(id)),
        'a connection has survived',
      ).to.equal(true);
    });
    expect(cache.status().journal.entries).to.equal(0);
    // Where the nodes notice the failure late, the shard's outage and the cluster's are two.
    expect(log.errors).to.have.length.within(1, 2);
  });

  it('without a replica: the keys of that server stay degraded, the others stay normal', async () => {
    await open({ replicas: 0 });
    const victim = cluster.masters[2] as RedisServer;
    const struck = cluster.keysOf(2, 1)[0] as string;
    const well = cluster.keysOf(0, 30);
    await victim.kill();
    await until(() => cache.status().mode === 'degraded', 'it is noticed');
    expect(await cache.set(struck, 'waits')).to.equal('deferred');
    for (let i = 0; i < 30; i++) {
      expect(await cache.set(well[i] as string, i)).to.equal('applied');
      expect(cluster.masters.slice(0, 2).map(stateOf)).to.deep.equal(['closed', 'closed']);
    }
    expect(cache.status().message).to.match(
      /2 of 3 shards serve\. Keys of 127\.0\.0\.1:\d+ come from/,
    );
    await victim.restart();
    await until(isNormal, 'it is back', FAILOVER_MS);
    await until(() => cache.status().journal.entries === 0, 'nothing waits');
    expect(log.errors).to.have.lengthOf(1);
    expect(log.infos.filter((line) => line.includes('serves again'))).to.have.lengthOf(1);
  });

  it('one server frozen, one killed, one failed over by hand: all shards are served again', async () => {
    await open({});
    const [frozen, killed, moved] = cluster.masters as [RedisServer, RedisServer, RedisServer];
    frozen.hang();
    await until(() => cache.status().mode === 'degraded', 'the freeze is noticed');
    await until(() => isAtReplica(0), 'the first replica is found', FAILOVER_MS);
    await killed.kill();
    await until(() => isAtReplica(1), 'the second replica is found', FAILOVER_MS);
    await cluster.replicaOf(2).command('CLUSTER', 'FAILOVER');
    await until(() => isAtReplica(2), 'the third replica is found', FAILOVER_MS);
    await until(isNormal, 'all shards are served', FAILOVER_MS);
    for (const share of [0, 1, 2]) {
      const key = cluster.keysOf(share, 1)[0] as string;
      expect(await cache.set(key, share)).to.equal('applied');
    }
    frozen.thaw();
    expect(await moved.command('PING')).to.equal('PONG');
  });

  const isAtReplica = (share: number): boolean => stateOf(cluster.replicaOf(share)) === 'closed';
});
