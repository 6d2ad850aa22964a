import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { MASTER, Sentinels } from '../support/many/sentinels.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { keepLines, type Lines } from '../truth/world.js';

describe('Redis whose address Sentinels know', () => {
  let sentinels: Sentinels;
  let caches: CacheHandle[] = [];
  let log: Lines;

  before(async function () {
    this.timeout(30_000);
    sentinels = await Sentinels.start();
  });
  after(() => sentinels.stop());
  beforeEach(() => {
    log = keepLines();
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    caches = [];
  });

  const open = async (options: CacheOptions = {}): Promise<CacheHandle> => {
    const cache = createCache({
      redis: sentinels.url,
      commandTimeout: 200,
      logger: log,
      ...options,
    });
    caches.push(cache);
    await until(() => cache.status().mode === 'normal', 'Redis serves');
    return cache;
  };

  it('is found by a URL', async () => {
    const cache = await open();
    expect(await cache.set('k', 1)).to.equal('applied');
    expect(String(await sentinels.servers[0].command('GET', 'cache:k'))).to.not.equal('null');
    expect(cache.status().message).to.contain(MASTER);
  });

  it('is found by options, past Sentinels that are not there', async () => {
    const urls = ['redis://127.0.0.1:1', ...sentinels.urls];
    const cache = await open({ redis: { sentinel: { master: MASTER, sentinels: urls } } });
    expect(await cache.set('k', 2)).to.equal('applied');
  });

  it('goes on when no Sentinel answers, and says so', async () => {
    const cache = await open();
    for (const each of sentinels.sentinels) each.hang();
    try {
      await until(() => /No Sentinel has answered/.test(cache.status().message), 'it is said');
      const isRead = async (): Promise<boolean> => (await cache.get('k')) === 2;
      for (let i = 0; i < 20; i++) expect(await isRead()).to.equal(true);
      expect(cache.status().mode).to.equal('normal');
      expect(await cache.set('k', 3)).to.equal('applied');
    } finally {
      for (const each of sentinels.sentinels) each.thaw();
    }
    await until(() => !/No Sentinel/.test(cache.status().message), 'it is said no more');
    expect(log.errors).to.deep.equal([]);
  });

  it('is not looked for at an address that no Sentinel names', async () => {
    const redis = { sentinel: { master: 'nobody', sentinels: sentinels.urls } };
    const cache = createCache({ redis, logger: log });
    caches.push(cache);
    await until(() => cache.status().reason === 'no_primary', 'it is named');
    expect(cache.status().lastError).to.contain("it knows no master named 'nobody'");
  });

  it('names what is no Sentinel', async () => {
    const redis = { sentinel: { master: MASTER, sentinels: [sentinels.servers[0].url] } };
    const cache = createCache({ redis, logger: log });
    caches.push(cache);
    await until(() => cache.status().reason === 'no_primary', 'it is named');
    expect(cache.status().lastError).to.contain('it is no Sentinel');
  });

  it('a primary that froze and was replaced: when it thaws, no process reads it or writes to it', async function () {
    this.timeout(60_000);
    const [old, next] = sentinels.servers;
    const a = await open();
    const b = await open();
    await a.set('k', 'old');
    expect(await b.get('k')).to.equal('old');
    await until(async () => String(await next.command('GET', 'cache:k')).includes('old'), 'copied');
    old.hang();
    const named = (): Promise<boolean> =>
      Promise.all(sentinels.sentinels.map((each) => sentinels.named(each))).then((ports) =>
        ports.every((port) => port === next.port),
      );
    await until(() => a.status().mode === 'degraded', 'the freeze is noticed');
    await until(named, 'the replica is promoted', 30_000);
    await until(() => a.status().mode === 'normal' && b.status().mode === 'normal', 'it is used');
    expect(await a.delete('k')).to.equal('applied');
    old.thaw();
    const late = await lateReads(old, [a, b]);
    expect(late.stale).to.equal(0);
    expect(late.written).to.equal(0);
    expect(late.reads).to.be.above(100);
    expect(log.errors).to.have.lengthOf(2);
  });
});

interface Late {
  reads: number;
  /** Reads of the value that only the old primary has. */
  stale: number;
  /** Keys of this time on the old primary, while it acts as one. */
  written: number;
}

/** Reads and writes until the old primary is a replica: for 12 s at most. */
async function lateReads(old: RedisServer, caches: readonly CacheHandle[]): Promise<Late> {
  const late: Late = { reads: 0, stale: 0, written: 0 };
  const giveUpAt = performance.now() + 12_000;
  for (let i = 0; performance.now() < giveUpAt; i++) {
    for (const cache of caches) {
      late.reads++;
      if ((await cache.get('k')) !== undefined) late.stale++;
      await cache.set(`late:${i}`, i);
    }
    if (i % 20 > 0) continue;
    const isPrimary = String(await old.command('INFO', 'replication')).includes('role:master');
    if (!isPrimary) break;
    const keys = (await old.command('KEYS', 'cache:late:*')) as string[];
    late.written += keys.length;
  }
  return late;
}
