import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
});
