import { expect } from 'chai';
import { isDegraded, isUp, Stand } from './stand.js';

describe('integration: caches that share a Redis', () => {
  let stand: Stand;
  beforeEach(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.stop());

  it('see each other’s writes, deletes and clears at once', async () => {
    const prefix = stand.prefix();
    const [a, b] = [await stand.cache({ prefix }), await stand.cache({ prefix })];
    await a.set('k', 'from a');
    expect(await b.get('k')).to.equal('from a');
    await b.set('k', 'from b');
    expect(await a.get('k')).to.equal('from b');
    await a.delete('k');
    expect(await b.get('k')).to.equal(undefined);
    await b.set('k:1', 1);
    await a.clear('k:*');
    expect(await b.has('k:1')).to.equal(false);
  });

  it('never answer with an older value than any process acknowledged', async () => {
    const prefix = stand.prefix();
    const caches = [
      await stand.cache({ prefix }),
      await stand.cache({ prefix }),
      await stand.cache({ prefix }),
    ];
    for (let i = 0; i < 300; i++) {
      await caches[i % 3]?.set('counter', i);
      expect(await caches[(i + 1) % 3]?.get('counter')).to.equal(i);
    }
  });

  it('are strangers under different prefixes', async () => {
    const [a, b] = [await stand.cache({ prefix: 'a:' }), await stand.cache({ prefix: 'b:' })];
    await a.set('k', 'a');
    expect(await b.get('k')).to.equal(undefined);
    await b.clear();
    expect(await a.get('k')).to.equal('a');
    expect(a.status().metrics.hits).to.equal(1);
    expect(b.status().metrics.hits).to.equal(0);
  });

  it('live together when one prefix begins with the other, whichever clears', async () => {
    const outer = await stand.cache({ prefix: 'app:' });
    const inner = await stand.cache({ prefix: 'app:v2:' });
    await outer.set('k', 'outer');
    await inner.set('k', 'inner');
    await outer.clear();
    expect(await outer.get('k')).to.equal(undefined);
    expect(await inner.get('k')).to.equal('inner');
    await outer.clear('v2:*');
    expect(await inner.get('k')).to.equal('inner');
    expect(await inner.set('k', 'again')).to.equal('applied');
    expect(await inner.get('k')).to.equal('again');
    expect(inner.status().metrics.errors).to.equal(0);
  });

  it('load a cold key once between them', async () => {
    const prefix = stand.prefix();
    const [a, b] = [await stand.cache({ prefix }), await stand.cache({ prefix })];
    let loads = 0;
    const load = async (): Promise<number> => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return loads;
    };
    const values = await Promise.all([a, b, a, b].map((cache) => cache.getOrSet('cold', load)));
    expect(values).to.deep.equal([1, 1, 1, 1]);
  });

  it('meet again after an outage, with the changes of both gone from Redis', async () => {
    const prefix = stand.prefix();
    const [a, b] = [await stand.cache({ prefix }), await stand.cache({ prefix })];
    for (const key of ['x', 'y', 'z']) await a.set(key, 'old');
    await stand.redis.save();
    await stand.redis.kill();
    await Promise.all([isDegraded(a), isDegraded(b)]);
    await a.delete('x');
    await b.set('y', 'new');
    await stand.redis.restart();
    await Promise.all([isUp(a), isUp(b)]);
    for (const cache of [a, b]) {
      expect(await cache.get('x')).to.equal(undefined);
      expect(await cache.get('y')).to.be.oneOf([undefined, 'new']);
      expect(await cache.get('z')).to.be.oneOf([undefined, 'old']);
    }
  });
});
