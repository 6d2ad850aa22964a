import { expect } from 'chai';
import type { Request, Response } from 'express';
import { cacheMiddleware } from '../../lib/index.js';
import { isUp, Stand } from './stand.js';

describe('integration: the commands that Redis gets', () => {
  let stand: Stand;
  before(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.closeCaches());
  after(() => stand.stop());

  /** What `act` makes Redis do, without the cache's heartbeats and what scripts do inside. */
  async function seen(act: () => Promise<unknown>): Promise<string[]> {
    const monitor = await stand.redis.monitor();
    await act();
    await monitor.stop();
    return monitor.lines
      .filter((line) => !line.includes('__ech:') && !/ lua\]|"ECHO"|"HSETNX"/.test(line))
      .map((line) => line.replace(/^[^"]+/, ''));
  }

  it('a hit is exactly one GET, also through req.cache', async () => {
    const prefix = stand.prefix();
    const middleware = cacheMiddleware({ redis: stand.redis.url, prefix, logger: false });
    await isUp(middleware.cache);
    await middleware.cache.set('a', { b: 1 });
    const req = {} as Request;
    middleware(req, {} as Response, () => {});
    const get = `"GET" "${prefix}a"`;
    expect(await seen(() => req.cache.get('a'))).to.deep.equal([get]);
    expect(await seen(() => req.cache.getOrSet('a', () => 1))).to.deep.equal([get]);
    expect(await seen(() => req.cache.has('a'))).to.deep.equal([get]);
    await middleware.cache.close();
  });

  it('a miss is one GET, a set and a delete are one script each', async () => {
    const cache = await stand.cache({ prefix: 'p:' });
    expect(await seen(() => cache.get('missing'))).to.deep.equal(['"GET" "p:missing"']);
    const set = await seen(() => cache.set('a', 1, { ttl: '1m' }));
    expect(set).to.have.lengthOf(1);
    expect(set[0]).to.match(/^"EVALSHA" "\w{40}" "1" "p:a" ".+" "60000"$/);
    const remove = await seen(() => cache.delete('a'));
    expect(remove).to.have.lengthOf(1);
    expect(remove[0]).to.match(/^"EVALSHA" "\w{40}" "1" "p:a" /);
  });

  it('every entry has an end, and it is the ttl', async () => {
    const cache = await stand.cache({ prefix: 'q:' });
    await cache.set('a', 1, { ttl: '1m' });
    await cache.getOrSet('b', () => 1, { ttl: '1m' });
    for (const key of ['q:a', 'q:b']) {
      expect(await stand.redis.command('PTTL', key)).to.be.within(50_000, 60_000);
    }
  });

  it('status() asks nothing', async () => {
    const cache = await stand.cache();
    const act = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) cache.status();
    };
    expect(await seen(act)).to.deep.equal([]);
  });
});
