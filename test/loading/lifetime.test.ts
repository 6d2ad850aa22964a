import { expect } from 'chai';
import fc from 'fast-check';
import { lifetimeMs } from '../../lib/loading/lifetime.js';
import { createTestCache, type TestCache } from '../../lib/testing.js';

const HOUR = 3_600_000;
const ONE_MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 26, 12, 59, 30);

describe('the lifetime of a value', () => {
  it('is its ttl if no instant is known', () => {
    expect(lifetimeMs({ ttlMs: 5_000 }, NOW)).to.equal(5_000);
  });

  it('ends at the instant, at the boundary, or with the ttl: whichever comes first', () => {
    expect(lifetimeMs({ ttlMs: HOUR, endsAtMs: NOW + 10_000 }, NOW)).to.equal(10_000);
    expect(lifetimeMs({ ttlMs: HOUR, alignMs: HOUR }, NOW)).to.equal(30_000);
    expect(lifetimeMs({ ttlMs: 1_000, endsAtMs: NOW + 10_000, alignMs: HOUR }, NOW)).to.equal(
      1_000,
    );
  });

  it('is over at once after the instant, and a whole period at the boundary', () => {
    expect(lifetimeMs({ ttlMs: HOUR, endsAtMs: NOW - 1 }, NOW)).to.equal(1);
    const boundary = Date.UTC(2026, 10, 26, 13);
    expect(lifetimeMs({ ttlMs: 10 * HOUR, alignMs: HOUR }, boundary)).to.equal(HOUR);
  });

  it('never crosses a boundary', () => {
    const times = fc.integer({ min: 1, max: 4e12 });
    fc.assert(
      fc.property(times, fc.integer({ min: 2, max: 1e9 }), (nowMs, alignMs) => {
        const end = nowMs + lifetimeMs({ ttlMs: 1e12, alignMs }, nowMs);
        expect(Math.floor((end - 1) / alignMs)).to.equal(Math.floor(nowMs / alignMs));
      }),
    );
  });
});

describe('expiresAt and align', () => {
  let cache: TestCache;
  const now = (): number => Date.parse(cache.metrics().at);

  beforeEach(async () => {
    cache = createTestCache({ ttl: '20s' });
    await cache.advance('2s');
  });

  afterEach(() => cache.close());

  for (const [what, store] of [
    ['set', (options: object) => cache.set('a', 1, options)],
    ['setMany', (options: object) => cache.setMany([['a', 1]], options)],
    ['getOrSet', (options: object) => cache.getOrSet('a', () => 1, options)],
    [
      'getOrSetMany',
      (options: object) => cache.getOrSetMany(['a'], () => new Map([['a', 1]]), options),
    ],
  ] as const) {
    it(`${what}: the value ends at the instant, not before and not after, beyond the default ttl`, async () => {
      await store({ expiresAt: new Date(now() + ONE_MINUTE) });
      await cache.advance(ONE_MINUTE - 100);
      expect(await cache.has('a')).to.equal(true);
      await cache.advance(100);
      expect(await cache.has('a')).to.equal(false);
    });

    it(`${what}: the value ends at the boundary, and with its ttl if that is sooner`, async () => {
      const toBoundary = ONE_MINUTE - (now() % ONE_MINUTE);
      await store({ align: '1m', ttl: '2m' });
      await cache.advance(toBoundary - 50);
      expect(await cache.has('a')).to.equal(toBoundary > 50);
      await cache.advance(50);
      expect(await cache.has('a')).to.equal(false);
      await store({ align: '1d', ttl: '1s' });
      await cache.advance('1s');
      expect(await cache.has('a')).to.equal(false);
    });
  }

  it('a value that was loaded across the boundary is not served after it', async () => {
    // In small steps, so that the cache knows the time of Redis well.
    while (now() % 60_000 < 59_000) await cache.advance(500);
    const slow = async (): Promise<string> => {
      await cache.advance(1_500);
      return 'of the minute before';
    };
    await cache.getOrSet('a', slow, { align: '1m' });
    expect(await cache.has('a')).to.equal(false);
  });

  it('an instant that has passed replaces the old value and is over at once', async () => {
    await cache.set('a', 'old');
    await cache.set('a', 'new', { expiresAt: now() - HOUR });
    await cache.advance(10);
    expect(await cache.get('a')).to.equal(undefined);
  });

  it('tells what to write instead of a wrong instant', async () => {
    for (const expiresAt of [1_800_000_000, Number.NaN, new Date('x'), '2027-01-01', Infinity]) {
      const error = await cache.set('a', 1, { expiresAt } as never).catch((caught) => caught);
      expect(error.code, String(expiresAt)).to.equal('ERR_CACHE_OPTION');
      expect(error.message).to.contain('milliseconds since 1970');
    }
    const error = await cache.getOrSet('a', () => 1, { align: 0 }).catch((caught) => caught);
    expect(error.message).to.contain('align');
  });
});
