import { expect } from 'chai';
import { createTestCache, type TestCache } from '../../../lib/testing.js';

const AT_ONCE = 50;

describe('freshness: { observe }', () => {
  let cache: TestCache;
  /** What the database holds. */
  let truth: number;
  let loads: number;

  beforeEach(async () => {
    cache = createTestCache({ freshness: { observe: ['product:', 'product:1'] }, ttl: '1h' });
    truth = 0;
    loads = 0;
    await cache.advance('2s');
  });

  afterEach(() => cache.close());

  const load = (): { version: number } => {
    loads++;
    return { version: truth };
  };

  /** `reads` reads of a key, the first alone, the others fifty at once; before each share of them the truth changes. */
  async function read(
    key: string,
    reads: number,
    changeEvery = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const one = (i: number): Promise<unknown> => {
      if (i % changeEvery === 0) truth++;
      return cache.getOrSet(key, load);
    };
    await one(1);
    for (let done = 1; done < reads; done += AT_ONCE) {
      const count = Math.min(AT_ONCE, reads - done);
      await Promise.all(Array.from({ length: count }, (_, i) => one(done + i + 1)));
      if (done % 500 === 1) await cache.advance(1);
    }
    await cache.advance(100);
  }

  const groupOf = (name: string) => {
    const found = cache.metrics().freshness?.find(({ group }) => group === name);
    if (found === undefined) throw new Error(`no group ${name}`);
    return found;
  };

  it('finds no stale hit where nothing changes', async () => {
    await read('product:7', 20_000);
    const { hits, audits, staleRatio } = groupOf('product:');
    // A sample above a thousand.
    expect(hits).to.be.within(17_000, 23_000);
    expect(audits.stale).to.equal(0);
    expect(audits.fresh).to.be.within(3, 60);
    expect(staleRatio?.low).to.equal(0);
    expect(loads).to.equal(1 + audits.fresh);
  }).timeout(60_000);

  it('finds stale hits where the truth changes behind the cache', async () => {
    await read('product:7', 20_000, 10);
    const { audits } = groupOf('product:');
    expect(audits.stale).to.be.above(audits.fresh);
  }).timeout(60_000);

  it('counts a key in its most specific group, and no other key', async () => {
    await read('product:1', 3);
    await read('user:1', 3);
    expect(groupOf('product:1').hits).to.equal(2);
    expect(groupOf('product:').hits).to.equal(0);
  });

  it('is quiet while Redis is away', async () => {
    await read('product:7', 10);
    await cache.breakRedis('hang');
    const before = loads;
    await read('product:7', 5_000);
    expect(loads - before).to.be.at.most(1);
    expect(groupOf('product:').audits).to.deep.equal({ fresh: 0, stale: 0 });
  }).timeout(60_000);

  it('shows nothing and loads nothing when it is off', async () => {
    const off = createTestCache();
    await off.advance('2s');
    expect(off.metrics().freshness).to.equal(null);
    await off.close();
  });

  it('tells what to write instead of wrong groups', () => {
    for (const observe of ['product:', [], [''], [7], new Array(101).fill('a')]) {
      const make = (): unknown => createTestCache({ freshness: { observe } as never });
      expect(make, String(observe)).to.throw(/freshness.*observe: \['product:'\]/s);
    }
  });
});
