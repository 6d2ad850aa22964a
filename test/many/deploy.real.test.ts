import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { RedisOptions } from '../../lib/index.js';
import { Cluster } from '../support/many/cluster.js';
import { MASTER, Sentinels } from '../support/many/sentinels.js';
import { until } from '../support/wait.js';

/** The line of a file in deploy/ that makes the user. */
function userIn(name: string): string {
  const line = readFileSync(`deploy/${name}`, 'utf8').match(/^user .*$/m)?.[0];
  return line ?? expect.fail(`deploy/${name} makes no user`);
}

describe('the users that deploy/ makes for many machines', function () {
  this.timeout(60_000);
  let cache: CacheHandle | undefined;
  let stop = async (): Promise<void> => {};

  afterEach(async () => {
    await cache?.close();
    await stop();
  });

  const expectUse = async (redis: RedisOptions): Promise<void> => {
    cache = createCache({ redis, commandTimeout: 500, logger: false });
    await until(() => cache?.status().mode === 'normal', 'Redis serves');
    expect(await cache.set('k', 1)).to.equal('applied');
    expect(await cache.get('k')).to.equal(1);
    expect(await cache.getOrSet('l', () => 2)).to.equal(2);
    expect(await cache.clear('k*')).to.equal('applied');
    expect(await cache.clear()).to.equal('applied');
    expect(cache.status().lastError).to.equal(undefined);
  };

  it('suffice for the nodes of a cluster', async () => {
    const args = `--${userIn('redis-cluster.conf')}`.split(' ');
    const cluster = await Cluster.start({ replicas: 0, args });
    stop = () => cluster.stop();
    const nodes = cluster.urls;
    await expectUse({ username: 'shop', password: 'change-me', cluster: { nodes } });
  });

  it('suffice for the Sentinels', async () => {
    const lines = ['requirepass of-people', userIn('sentinel.conf')];
    const sentinels = await Sentinels.start({ sentinels: 1, lines, password: 'of-people' });
    stop = () => sentinels.stop();
    const { urls } = sentinels;
    const sentinel = {
      master: MASTER,
      sentinels: urls,
      username: 'watch',
      password: 'change-me-too',
    };
    await expectUse({ sentinel });
  });

  it('are needed where the Sentinels want one', async () => {
    const sentinels = await Sentinels.start({
      sentinels: 1,
      lines: ['requirepass x'],
      password: 'x',
    });
    stop = () => sentinels.stop();
    cache = createCache({ redis: sentinels.url, logger: false });
    await until(() => cache?.status().reason === 'authentication', 'it is named');
    expect(cache.status().lastError).to.match(/Sentinel 127\.0\.0\.1:\d+: NOAUTH/);
  });
});
