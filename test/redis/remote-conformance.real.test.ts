import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/time/clock.js';
import { ClusterRemote } from '../../lib/redis/cluster/cluster-remote.js';
import { type ConnectTo, makeClient } from '../../lib/redis/connection/client.js';
import { parseRedis } from '../../lib/redis/redis-options.js';
import type { Remote } from '../../lib/redis/remote.js';
import { SingleRemote } from '../../lib/redis/single.js';
import { PREFIX } from '../support/fake-door.js';
import { freePortPair } from '../support/many/cluster.js';
import { MASTER } from '../support/many/sentinels.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { type RemoteSubject, remoteConformance } from './remote-conformance.js';

const OPTIONS = {
  clock: systemClock,
  prefix: PREFIX,
  commandTimeoutMs: 1_000,
  maxValueBytes: 1_000_000,
};

/** Counts the connections that it makes. */
class Count {
  connections = 0;

  over(connect: ConnectTo): ConnectTo {
    return (address, lack) => {
      this.connections++;
      return connect(address, lack);
    };
  }
}

/** A Remote to this server, which the suite ends and starts again. */
async function subjectOn(
  redis: RedisServer,
  build: (count: Count) => Remote,
  connectionsPerAttempt = 1,
): Promise<RemoteSubject> {
  await redis.command('FLUSHALL');
  const count = new Count();
  let isUp = true;
  return {
    remote: build(count),
    attempts: () => count.connections / connectionsPerAttempt,
    kill: async () => {
      await redis.save();
      isUp = false;
      await redis.kill();
    },
    restart: async (from) => {
      await redis.restart({ empty: from === 'nothing' });
      isUp = true;
    },
    fill: async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '1')),
    free: async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '0')),
    until,
    stop: async () => {
      if (!isUp) await redis.restart({ empty: true });
    },
  };
}

describe('a Remote on a real Redis', () => {
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start({ args: ['--save', ''] });
  });

  after(() => redis.stop());

  remoteConformance({
    name: 'one Redis',
    make: () =>
      subjectOn(redis, (count) => {
        const connect = count.over(() => makeClient({ url: redis.url }));
        const create = () => connect({ host: '', port: 0 });
        return new SingleRemote({ ...OPTIONS, source: { kind: 'made', create } });
      }),
  });
});

describe('a Remote by a real Sentinel', () => {
  let redis: RedisServer;
  let sentinel: RedisServer;

  before(async () => {
    redis = await RedisServer.start({ args: ['--save', ''] });
    const lines = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${redis.port} 1`,
      `sentinel down-after-milliseconds ${MASTER} 60000`,
    ];
    sentinel = await RedisServer.start({ sentinel: lines });
  });

  after(() => Promise.all([redis.stop(), sentinel.stop()]));

  remoteConformance({
    name: 'the primary that a Sentinel names',
    make: () =>
      subjectOn(redis, (count) => {
        const { source } = parseRedis(`redis-sentinel://127.0.0.1:${sentinel.port}#${MASTER}`);
        if (source?.kind !== 'sentinel') throw new Error('no Sentinel');
        const connect = count.over(source.connect);
        return new SingleRemote({ ...OPTIONS, source: { ...source, connect } });
      }),
  });
});

/** It asks a node who serves what, and then connects. */
const CONNECTIONS_PER_ATTEMPT = 2;

describe('a Remote on a real Redis Cluster', () => {
  // A node without this file has neither its name nor its slots.
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  let redis: RedisServer;

  before(async () => {
    const file = join(folder, 'nodes.conf');
    const args = ['--save', '', '--cluster-enabled', 'yes', '--cluster-config-file', file];
    redis = await RedisServer.start({ port: await freePortPair(), args });
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  });

  /** A node that has begun again does not serve for 2 s. */
  const serves = (): Promise<void> =>
    until(
      async () => String(await redis.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      'the cluster serves',
    );

  after(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  remoteConformance({
    name: 'a Redis Cluster, by one of its doors',
    make: async () => {
      await serves();
      return subjectOn(redis, build, CONNECTIONS_PER_ATTEMPT);
    },
  });

  function build(count: Count): Remote {
    const { source } = parseRedis(`redis-cluster://127.0.0.1:${redis.port}`);
    if (source?.kind !== 'cluster') throw new Error('no cluster');
    const connect = count.over(source.connect);
    return new ClusterRemote({ ...OPTIONS, source: { ...source, connect } });
  }
});
