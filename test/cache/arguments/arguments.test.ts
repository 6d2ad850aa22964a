import { expect } from 'chai';
import { Arguments } from '../../../lib/cache/arguments/arguments.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import { CacheHealthError } from '../../../lib/core/errors.js';

const args = (prefix = 'app:', more: object = {}): Arguments =>
  new Arguments(parseCacheOptions({ redis: false, prefix, logger: false, ...more }));

/** Whether the key is refused, with the code that keys have. */
function isRefused(prefix: string, key: unknown, checker = args(prefix)): boolean {
  try {
    checker.checkKey(key);
    return false;
  } catch (error) {
    expect(error).to.be.instanceOf(CacheHealthError);
    expect(error).to.have.property('code', 'ERR_CACHE_KEY');
    return true;
  }
}

describe('the arguments of a cache: keys', () => {
  it('are texts of 1 to 1024 well-formed characters', () => {
    for (const key of ['a', 'ü', '🙂', 'x'.repeat(1_024), ' ', '\0']) {
      expect(isRefused('app:', key), JSON.stringify(key)).to.equal(false);
    }
    for (const key of ['', 'x'.repeat(1_025), 7, null, undefined, ['a'], '\uD800']) {
      expect(isRefused('app:', key), String(key)).to.equal(true);
    }
  });

  it('never reach a name of the package, wherever it stands', () => {
    for (const key of ['__ech:', '__ech:pos', 'a__ech:{ech}:pos', 'v2:__ech:fence', '___ech:']) {
      expect(isRefused('app:', key), key).to.equal(true);
    }
    for (const key of ['__ech', '_ech:', 'ech:', '__ECH:', 'h:', ':']) {
      expect(isRefused('app:', key), key).to.equal(false);
    }
  });

  it('never complete such a name that the prefix has begun', () => {
    const name = '__ech:';
    for (let cut = 1; cut < name.length; cut++) {
      const [begun, rest] = [name.slice(0, cut), name.slice(cut)];
      expect(isRefused(`app:${begun}`, `${rest}{ech}:pos`), begun).to.equal(true);
      expect(isRefused(begun, rest), begun).to.equal(true);
      expect(isRefused(`app:${begun}`, `x${rest}`), begun).to.equal(false);
    }
    // Both underlines may be the first.
    expect(isRefused('app:__', 'ech:')).to.equal(true);
    expect(isRefused('app:__', '_ech:')).to.equal(true);
  });

  it('are refused exactly where prefix and key together have the name', () => {
    const letters = '_ech:x';
    const random = (length: number): string =>
      Array.from({ length }, () => letters[Math.floor(Math.random() * 6)]).join('');
    for (const prefix of ['_', '__', 'x_', '__e', '_ech', '__ech', '__ec_', 'app:', '___']) {
      const checker = args(prefix);
      for (let i = 0; i < 1_000; i++) {
        const key = random(1 + (i % 7));
        const isForbidden = `${prefix}${key}`.includes('__ech:');
        if (isRefused(prefix, key, checker) !== isForbidden) expect.fail(`${prefix} + ${key}`);
      }
    }
  });

  it('come as an array or a set, which is copied', () => {
    const keys = ['a', 'b'];
    const list = args().keyList(keys);
    keys.push('c');
    expect(list).to.deep.equal(['a', 'b']);
    expect(args().keyList(new Set(['a']))).to.deep.equal(['a']);
    for (const given of ['abc', undefined, { a: 1 }]) {
      expect(() => args().keyList(given)).to.throw(/^the keys must be an array of keys/);
    }
  });
});

describe('the arguments of a cache: patterns', () => {
  it('are every key when there is none', () => {
    expect(args().pattern(undefined)).to.equal('*');
    expect(args().pattern('a*')).to.equal('a*');
    expect(args().pattern('x'.repeat(1_024))).to.have.lengthOf(1_024);
  });

  it('are refused when they are none, or too long', () => {
    for (const given of ['', 7, null, '\uD800', 'x'.repeat(1_025)]) {
      expect(() => args().pattern(given)).to.throw(/^the pattern must be a glob of 1 to 1024 char/);
    }
  });
});

describe('the arguments of a cache: values', () => {
  it('take the lifetime of the call, else that of the cache', () => {
    expect(args().ttlMs(undefined)).to.equal(300_000);
    expect(args().ttlMs({})).to.equal(300_000);
    expect(args().ttlMs({ ttl: undefined } as never)).to.equal(300_000);
    expect(args().ttlMs({ ttl: '1s' })).to.equal(1_000);
    expect(() => args().ttlMs({ ttl: 0 })).to.throw(/^ttl must be/);
    expect(() => args().ttlMs({ tll: 5 } as never)).to.throw(/Did you mean 'ttl'/);
  });

  it('are encoded, with jitter and grace', () => {
    const jittered = args('app:', { ttlJitter: 0.1, grace: '1s' });
    const made = Array.from({ length: 100 }, () => jittered.newValue({ a: 1 }, 1_000));
    expect(made[0]).to.include({ payload: 'j{"a":1}', graceMs: 1_000, loadMs: 0 });
    const lives = made.map(({ ttlMs }) => ttlMs);
    expect(Math.min(...lives)).to.be.within(900, 999);
    expect(Math.max(...lives)).to.be.at.most(1_000);
  });
});
