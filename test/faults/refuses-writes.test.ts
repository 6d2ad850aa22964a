import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createClient } from 'redis';
import { type CacheOptions, createCache } from '../../lib/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { describeFault, type Stage } from './story.js';

type Act = (server: RedisServer) => Promise<unknown>;

function refusingWrites(begin: Act, end: Act, ...args: string[]): () => Promise<Stage> {
  return async () => {
    const server = await RedisServer.start({ args });
    return {
      url: server.url,
      truthUrl: server.url,
      begin: async () => void (await begin(server)),
      end: async () => void (await end(server)),
      close: () => server.stop(),
    };
  };
}

const readOnly = refusingWrites(
  async (server) => server.command('REPLICAOF', '127.0.0.1', `${await freePort()}`),
  (server) => server.command('REPLICAOF', 'NO', 'ONE'),
);

const outOfMemory = refusingWrites(
  (server) => server.command('CONFIG', 'SET', 'maxmemory', '1'),
  (server) => server.command('CONFIG', 'SET', 'maxmemory', '0'),
);

/** The directory for dumps is removed under Redis' feet. */
const notSaving = refusingWrites(
  async (server) => {
    const dir = mkdtempSync(join(tmpdir(), 'gone-'));
    await server.command('CONFIG', 'SET', 'dir', dir);
    rmdirSync(dir);
    await server.command('CONFIG', 'SET', 'save', '3600 1');
    await server.command('BGSAVE');
    const failed = async (): Promise<boolean> =>
      String(await server.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err');
    await until(failed, 'saving has failed');
  },
  (server) => server.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'),
  '--enable-protected-configs',
  'local',
);

const withoutReplicas = refusingWrites(
  (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
  (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
);

describe('faults: Redis refuses writes', () => {
  describeFault({
    title: 'READONLY: the primary became a replica',
    reasons: ['read_only'],
    stage: readOnly,
    isReadable: true,
  });
  describeFault({
    title: 'READONLY under load',
    reasons: ['read_only'],
    stage: readOnly,
    isReadable: true,
    isUnderLoad: true,
  });
  describeFault({
    title: 'READONLY from the start',
    reasons: ['read_only'],
    stage: readOnly,
    isReadable: true,
    isFromTheStart: true,
  });
  describeFault({
    title: 'OOM: it is full and may not evict',
    reasons: ['out_of_memory'],
    stage: outOfMemory,
    isReadable: true,
  });
  describeFault({
    title: 'OOM from the start',
    reasons: ['out_of_memory'],
    stage: outOfMemory,
    isReadable: true,
    isFromTheStart: true,
  });
  describeFault({
    title: 'MISCONF: it cannot save to disk',
    reasons: ['persistence_failing'],
    stage: notSaving,
    isReadable: true,
  });
  describeFault({
    title: 'NOREPLICAS: too few replicas would hear of it',
    reasons: ['read_only'],
    stage: withoutReplicas,
    isReadable: true,
  });
});

describe('faults: a read-only Redis goes on being read', () => {
  const LASTS_MS = 700;
  const KEYS = Array.from({ length: 20 }, (_, i) => `key:${i}`);

  let server: RedisServer;
  let client: ReturnType<typeof createClient> | undefined;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    client?.destroy();
    client = undefined;
    await server.stop();
  });

  async function readAll(redis: CacheOptions['redis']): Promise<Record<string, number>> {
    const cache = createCache({
      ...(redis !== undefined && { redis }),
      memory: false,
      logger: false,
    });
    await until(() => cache.status().status === 'up', 'the cache is up');
    await cache.setMany(KEYS.map((key) => [key, key]));
    await server.command('REPLICAOF', '127.0.0.1', `${await freePort()}`);
    await cache.set('refused', 1);
    await until(() => cache.status().connected, 'the data of the replica was judged');
    const counts: Record<string, number> = { found: 0, missed: 0 };
    const end = performance.now() + LASTS_MS;
    const read = async (): Promise<void> => {
      while (performance.now() < end) {
        for (const key of KEYS) {
          const outcome = (await cache.get(key)) === key ? 'found' : 'missed';
          counts[outcome] = (counts[outcome] ?? 0) + 1;
          const reason = cache.status().reason ?? 'none';
          counts[reason] = (counts[reason] ?? 0) + 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await Promise.all([read(), read(), read(), read()]);
    await cache.close();
    return counts;
  }

  it('through a connection of the cache’s own', async () => {
    const { found, missed, ...reasons } = await readAll(server.url);
    expect(Object.keys(reasons)).to.deep.equal(['read_only']);
    expect(missed).to.equal(0);
    expect(found).to.be.above(0);
  });

  it('through an adopted client', async () => {
    client = createClient({ url: server.url }) as ReturnType<typeof createClient>;
    await client.connect();
    const { found, missed, ...reasons } = await readAll(client as never);
    expect(Object.keys(reasons)).to.deep.equal(['read_only']);
    expect(missed).to.equal(0);
    expect(found).to.be.above(0);
    expect(client.isReady).to.equal(true);
  });
});
