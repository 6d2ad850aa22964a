import { createServer } from 'node:http';
import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { createCache, gracefulShutdown, healthRouter } from '../../lib/index.js';
import { Lines, processWarningsOf } from './kit.js';

const LOOKS_FINE = [
  'user:42',
  'undefinable:1',
  'annulled',
  'posts:why-null-is-hard',
  'posts:null-and-void',
  'posts:an-end-of-null',
  'user:nullable',
  'list:[1,2]',
  'nan-bread:1',
];

function cacheWith(options: CacheOptions = {}): { cache: CacheHandle; lines: Lines } {
  const lines = new Lines();
  return { cache: createCache({ redis: false, logger: lines, ...options }), lines };
}

describe('a key in which a value is missing', () => {
  for (const key of [
    `user:${undefined}`,
    `user:${null}:posts`,
    `page/${Number.NaN}`,
    `filter:${{}}`,
    `filter:${Promise.resolve()}:1`,
    `${undefined}`,
    `user_${undefined}`,
    `user-${null}`,
    `day:${new Date(Number.NaN)}`,
  ]) {
    it(`is warned of, once for the cache: ${key}`, async () => {
      const { cache, lines } = cacheWith();
      await cache.getOrSet(key, () => 1);
      await cache.getOrSet(key, () => 1);
      await cache.set(`${key}:2`, 1);
      await cache.delete(key);
      expect(lines.warnings).to.have.length(1);
      expect(lines.warnings[0]).to.match(
        /^\[express-cache-health\] the key '.*' has the part '.+', as a missing value .* See express-cache-health\/docs\/errors\.md#a-key-with-undefined$/,
      );
    });
  }

  const CALLS: readonly (readonly [string, (cache: CacheHandle, key: string) => unknown])[] = [
    ['get', (cache, key) => cache.get(key)],
    ['getMany', (cache, key) => cache.getMany(['a', key])],
    ['getOrSetMany', (cache, key) => cache.getOrSetMany([key], () => new Map())],
    ['set', (cache, key) => cache.set(key, 1)],
    ['setMany', (cache, key) => cache.setMany([[key, 1]])],
    ['delete', (cache, key) => cache.delete(key)],
    ['deleteMany', (cache, key) => cache.deleteMany([key])],
    ['wrap', (cache, key) => cache.wrap(() => 1, { key: () => key })()],
  ];
  for (const [name, call] of CALLS) {
    it(`is noticed by ${name}()`, async () => {
      const { cache, lines } = cacheWith();
      await call(cache, 'user:undefined');
      expect(lines.warnings).to.have.length(1);
    });
  }

  it('is not looked for on a hit', async () => {
    const lines = new Lines();
    const { cache } = cacheWith({ logger: lines });
    await cache.set('user:1', 1);
    const { exec } = RegExp.prototype;
    let runs = 0;
    RegExp.prototype.exec = function counted(this: RegExp, text: string) {
      runs++;
      return exec.call(this, text);
    };
    try {
      await cache.get('user:1');
      await cache.getOrSet('user:1', () => 2);
    } finally {
      RegExp.prototype.exec = exec;
    }
    expect(runs).to.equal(0);
  });

  for (const key of LOOKS_FINE) {
    it(`is not ${key}`, async () => {
      const { cache, lines } = cacheWith();
      await cache.getOrSet(key, () => 1);
      expect(lines.warnings).to.deep.equal([]);
    });
  }
});

describe('a number that was probably meant in seconds', () => {
  const OPTIONS: readonly (readonly [string, CacheOptions])[] = [
    ['ttl is 60 ms', { ttl: 60 }],
    ['ttl is 3600 ms', { ttl: 3_600 }],
    ['ttl is 86400 ms', { ttl: 86_400 }],
    ['grace is 300 ms', { grace: 300 }],
    ['loaderTimeout is 10 ms', { loaderTimeout: 10 }],
    ['memory.outageTtl is 30 ms', { memory: { outageTtl: 30 } }],
    ['commandTimeout is 1 ms', { commandTimeout: 1 }],
  ];
  for (const [what, options] of OPTIONS) {
    it(`is warned of at start: ${what}`, () => {
      const { lines } = cacheWith(options);
      expect(lines.warnings).to.have.length(1);
      expect(lines.warnings[0]).to.include(`${what}, because a number is in milliseconds.`);
      expect(lines.warnings[0]).to.match(/#a-number-that-may-be-seconds$/);
    });
  }

  it('is warned of once in calls', async () => {
    const { cache, lines } = cacheWith();
    await cache.set('a', 1, { ttl: 60 });
    await cache.getOrSet('b', () => 1, { ttl: 60 });
    await cache.getOrSetMany(['c'], () => new Map([['c', 1]]), { ttl: 3_600 });
    expect(lines.warnings).to.have.length(1);
    expect(lines.warnings[0]).to.include("If you mean seconds, write '60s', otherwise '60ms'.");
  });

  it('is no text with a unit, no usual number, and no 0 that means "not at all"', async () => {
    const { cache, lines } = cacheWith({
      ttl: 300_000,
      grace: 0,
      softTimeout: 0,
      leaseWait: 0,
      commandTimeout: 50,
    });
    await cache.set('a', 1, { ttl: '60ms' });
    await cache.set('b', 1, { ttl: 1_000 });
    await cache.set('c', 1, { ttl: 3_600_000 });
    expect(lines.warnings).to.deep.equal([]);
  });

  it('is warned of in the health router and the shutdown, as a warning of the process', async () => {
    const up = (): Promise<boolean> => Promise.resolve(true);
    const seen = await processWarningsOf(() => {
      healthRouter({ timeout: 5 });
      healthRouter({ database: { check: up, timeout: 2 } });
      healthRouter({ timeout: '5ms', checks: { a: { check: up, timeout: 800 } }, maxAge: 0 });
      gracefulShutdown(createServer(), { timeout: 25, drainDelay: 5, signals: [] });
    });
    expect(seen.map((text) => /^.* is \d+ ms/.exec(text)?.[0])).to.deep.equal([
      'timeout is 5 ms',
      "the timeout of the check 'database' is 2 ms",
      'drainDelay is 5 ms',
    ]);
  });
});

describe('a pattern of clear() that begins with the prefix', () => {
  it('is warned of once, with the pattern that works', async () => {
    const { cache, lines } = cacheWith({ prefix: 'shop:' });
    await cache.clear('shop:products:*');
    await cache.clear('shop:');
    expect(lines.warnings).to.have.length(1);
    expect(lines.warnings[0]).to.include("Write clear('products:*').");
    expect(lines.warnings[0]).to.match(/#a-pattern-with-the-prefix$/);
  });

  it('is not one without it', async () => {
    const { cache, lines } = cacheWith({ prefix: 'shop:' });
    await cache.clear('products:*');
    await cache.clear('shop*');
    await cache.clear();
    expect(lines.warnings).to.deep.equal([]);
  });
});
