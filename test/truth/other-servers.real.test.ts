import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { redisProgram } from '../support/redis-program.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines } from './world.js';

describe('what answers is not a single Redis', () => {
  let server: RedisServer;
  let cache: CacheHandle;
  const dir = mkdtempSync(join(tmpdir(), 'sentinel-'));

  afterEach(async () => {
    await cache.close();
    await server.stop();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const expectNamed = async (reason: string, words: RegExp, url = server.url): Promise<void> => {
    const log = keepLines();
    cache = createCache({ redis: url, commandTimeout: 500, logger: log });
    await until(() => cache.status().reason === reason, `the reason is ${reason}`);
    expect(cache.status().message).to.match(words);
    await until(() => words.test(log.errors.join('\n')), 'the log names it');
    expect(cache.status().status).to.equal('degraded');
    expect(await cache.getOrSet('k', () => 'loaded')).to.equal('loaded');
  };

  it('but a node of a cluster that serves no slots: it is named so', async () => {
    server = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
    await expectNamed('cluster_node', /node of a Redis Cluster/);
  });

  it('but a node of a cluster that serves every slot: it is named so', async () => {
    server = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(
      async () => /cluster_state:ok/.test(String(await server.command('CLUSTER', 'INFO'))),
      'the cluster serves',
    );
    await expectNamed('cluster_node', /node of a Redis Cluster/);
  });

  it('but a Sentinel: it is named so', async () => {
    const port = await freePort();
    const file = join(dir, 'sentinel.conf');
    server = await RedisServer.start();
    writeFileSync(file, `port ${port}\nsentinel monitor shop 127.0.0.1 ${server.port} 1\n`);
    const { path } = await redisProgram();
    const sentinel = spawn(path, [file, '--sentinel'], { stdio: 'ignore' });
    try {
      await expectNamed('sentinel', /Sentinel/, `redis://127.0.0.1:${port}`);
    } finally {
      sentinel.kill('SIGKILL');
    }
  });
});
