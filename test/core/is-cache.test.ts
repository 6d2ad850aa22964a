import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CACHE_MARK, CACHE_METHODS, cacheIn, isCache } from '../../lib/core/is-cache.js';

const methods = (names: readonly string[]): Record<string, () => void> =>
  Object.fromEntries(names.map((name) => [name, () => {}]));

describe('what is a cache', () => {
  const whole = methods(CACHE_METHODS);
  const refusing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );

  it('is what has every method of Cache, in whatever way', () => {
    expect(isCache(whole)).to.equal(true);
    expect(isCache(Object.create(whole))).to.equal(true);
    expect(isCache(Object.assign(() => {}, whole))).to.equal(true);
  });

  for (const missing of CACHE_METHODS) {
    it(`is not what lacks ${missing}`, () => {
      expect(isCache({ ...whole, [missing]: 1 })).to.equal(false);
    });
  }

  it('is what carries the mark, of whichever copy of the package', () => {
    expect(CACHE_MARK).to.equal(Symbol.for('express-cache-health.cache'));
    expect(isCache({ [CACHE_MARK]: true })).to.equal(true);
    expect(isCache({ [CACHE_MARK]: 'yes' })).to.equal(false);
  });

  for (const [what, value] of Object.entries({
    nothing: undefined,
    null: null,
    'a text': 'cache',
    options: { redis: false },
    'a Map': new Map(),
    'what refuses to be read': refusing,
  })) {
    it(`is not ${what}`, () => {
      expect(isCache(value)).to.equal(false);
      expect(cacheIn(value, ['close'])).to.equal(undefined);
    });
  }

  it('knows each method of the interface', () => {
    const text = readFileSync('lib/api/cache.ts', 'utf8');
    const body = text.slice(text.indexOf('export interface Cache {'));
    const named = [...body.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name]) => name);
    expect([...CACHE_METHODS].toSorted()).to.deep.equal(named.toSorted());
  });
});

describe('the cache in what a user gave', () => {
  const needed = ['set', 'get'] as const;
  type Needed = Record<(typeof needed)[number], unknown>;

  it('is the object itself, or its cache, as of the middleware', () => {
    const cache = methods(needed);
    expect(cacheIn<Needed>(cache, needed)).to.equal(cache);
    expect(
      cacheIn<Needed>(
        Object.assign(() => {}, { cache }),
        needed,
      ),
    ).to.equal(cache);
  });

  it('is the wrapper, where a cache wraps another', () => {
    const wrapper = { ...methods(needed), cache: methods(needed) };
    expect(cacheIn<Needed>(wrapper, needed)).to.equal(wrapper);
  });

  it('is absent when a method is', () => {
    expect(cacheIn<Needed>(methods(['set']), needed)).to.equal(undefined);
    expect(cacheIn<Needed>({ cache: methods(['get']) }, needed)).to.equal(undefined);
  });
});
