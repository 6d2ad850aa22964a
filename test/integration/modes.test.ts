import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isDegraded, Stand } from './stand.js';

describe('integration: with one tier or none', () => {
  let stand: Stand;
  beforeEach(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.stop());

  it('redis: false serves from memory, and that is well', async () => {
    const cache = stand.open({ redis: false, memory: { max: 2 } });
    expect(await cache.set('a', 1)).to.equal('applied');
    expect(await cache.delete('a')).to.equal('applied');
    expect(await cache.clear()).to.equal('applied');
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect([...(await cache.getMany(['a', 'b', 'c']))]).to.deep.equal([
      ['b', 2],
      ['c', 3],
    ]);
    const status = cache.status();
    expect(status).to.include({ status: 'up', connected: false, mode: 'normal' });
    expect(status.message).to.match(/Memory alone serves/);
    expect(status.memory).to.include({ entries: 2, max: 2 });
    expect(status).to.not.have.any.keys('reason', 'lastError', 'nextProbeAt');
  });

  it('keeps no more bytes in memory than it may', async () => {
    const cache = stand.open({ redis: false, memory: { maxBytes: 10_000 } });
    for (let i = 0; i < 50; i++) await cache.set(`k:${i}`, 'x'.repeat(1_000));
    expect(cache.status().memory?.bytes).to.be.within(5_000, 10_000);
    await cache.set('huge', 'x'.repeat(20_000));
    expect(await cache.get('huge')).to.equal(undefined);
    expect(cache.status().memory?.bytes).to.be.below(10_001);
  });

  it('memory: false serves from Redis', async () => {
    const cache = await stand.cache({ memory: false });
    await cache.set('a', 1);
    expect(await cache.get('a')).to.equal(1);
    expect(cache.status()).to.include({ status: 'up', memory: null });
  });

  it('memory: false without Redis is down, runs every loader, and still remembers deleted keys', async () => {
    const cache = await stand.cache({ memory: false });
    await cache.set('a', 'old');
    await stand.redis.save();
    await stand.redis.kill();
    await until(() => cache.status().status === 'down', 'it is down');
    expect(cache.status()).to.include({ mode: 'database-only', connected: false, memory: null });
    expect(cache.status().message).to.match(/no memory tier: every request goes to the database/);
    let loads = 0;
    for (let i = 0; i < 3; i++) expect(await cache.getOrSet('b', () => ++loads)).to.equal(i + 1);
    expect(await cache.set('a', 'new')).to.equal('deferred');
    expect(await cache.get('a')).to.equal(undefined);
    await stand.redis.restart();
    await until(() => cache.status().status === 'up', 'it is up');
    expect(await cache.get('a')).to.equal(undefined);
  });

  it('neither tier is down, and every read runs its loader', async () => {
    const cache = stand.open({ redis: false, memory: false });
    expect(cache.status()).to.include({ status: 'down', mode: 'database-only', connected: false });
    expect(cache.status().message).to.match(/switched off/);
    await cache.set('a', 1);
    expect(await cache.get('a')).to.equal(undefined);
    expect(await cache.getOrSet('a', () => 2)).to.equal(2);
    expect(await cache.clear()).to.equal('applied');
  });

  it('keeps an entry in memory no longer than Redis would have', async () => {
    const TTL_MS = 800;
    const prefix = stand.prefix();
    const writer = await stand.cache({ prefix });
    const reader = await stand.cache({ prefix });
    await writer.set('a', 'value', { ttl: TTL_MS });
    const endsBy = performance.now() + TTL_MS;
    await until(() => performance.now() > endsBy - TTL_MS / 2, 'half the time is over');
    expect(await reader.get('a')).to.equal('value');
    await stand.redis.kill();
    await Promise.all([isDegraded(writer), isDegraded(reader)]);
    const values = [await writer.get('a'), await reader.get('a')];
    if (performance.now() < endsBy - 50) expect(values).to.deep.equal(['value', 'value']);
    await until(() => performance.now() >= endsBy, 'the time is over');
    expect([await writer.get('a'), await reader.get('a')]).to.deep.equal([undefined, undefined]);
    expect(await reader.has('a')).to.equal(false);
  });

  it('keeps a value made during an outage for outageTtl at most', async () => {
    const cache = await stand.cache({ memory: { outageTtl: 60 } });
    await stand.redis.kill();
    await isDegraded(cache);
    await cache.set('a', 1, { ttl: '1h' });
    await cache.getOrSet('b', () => 1, { ttl: '1h' });
    await until(
      async () => (await cache.getMany(['a', 'b'])).size === 0,
      'both have expired',
      2_000,
    );
  });
});
