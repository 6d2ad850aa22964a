import { expect } from 'chai';
import { type Cache, type CacheOptions, isCacheHealthError, type Lookup } from '../../lib/index.js';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Stand } from './stand.js';

class Product {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Everything that a cache keeps, by name. */
const VALUES: Readonly<Record<string, () => unknown>> = {
  'a text': () => 'tea',
  'an empty text': () => '',
  'a text beyond ASCII': () => 'früh ☕ 𝄞 \u0000 \u2028',
  'a number': () => 4.5,
  zero: () => 0,
  'minus zero': () => -0,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '-Infinity': () => Number.NEGATIVE_INFINITY,
  true: () => true,
  false: () => false,
  null: () => null,
  undefined: () => undefined,
  'a bigint': () => 12_345_678_901_234_567_890n,
  'a Date': () => new Date('2026-01-02T03:04:05.678Z'),
  'an invalid Date': () => new Date(Number.NaN),
  'a Buffer': () => Buffer.from([0, 1, 254, 255]),
  'a Uint8Array': () => new Uint8Array([0, 1, 254, 255]),
  'a Map': () =>
    new Map<unknown, unknown>([
      ['a', 1],
      [2n, new Date(0)],
    ]),
  'a Set': () => new Set<unknown>([1, 'a', undefined]),
  'an array': () => [1, [2, undefined, null], { a: [] }],
  'an object': () => ({ id: 1, tags: ['a'], at: new Date(0), nothing: undefined, '': 0 }),
  'an object that looks like a tag': () => ({ $date: 1 }),
  'an object with a key __proto__': () => JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
};

type Tier = 'redis' | 'memory';

/** What every method promises, whatever serves. */
function describeMethods(title: string, tier: Tier, options: () => Promise<CacheOptions>): void {
  describe(title, () => {
    let stand: Stand;
    let cache: Cache;
    before(async () => {
      stand = await Stand.start();
    });
    beforeEach(async () => {
      cache = stand.open(await options());
      const { redis } = await options();
      if (redis === undefined) await until(() => cache.status().status === 'up', 'it is up');
    });
    afterEach(() => stand.closeCaches());
    after(() => stand.stop());

    const tiers = (): Lookup[] => {
      const lookups: Lookup[] = [];
      cache.on('lookup', (lookup) => lookups.push(lookup));
      return lookups;
    };

    describe('get and set', () => {
      it('returns values that were set, and undefined for others', async () => {
        expect(await cache.get('a')).to.equal(undefined);
        await cache.set('a', { name: 'tea' });
        expect(await cache.get<{ name: string }>('a')).to.deep.equal({ name: 'tea' });
      });

      it('keeps the last of several values', async () => {
        for (let i = 0; i <= 20; i++) await cache.set('a', i);
        expect(await cache.get('a')).to.equal(20);
      });

      for (const [name, make] of Object.entries(VALUES)) {
        it(`keeps ${name}, equal and not shared`, async () => {
          const value = make();
          await cache.set('value', value);
          const first = await cache.get('value');
          const second = await cache.get('value');
          expect(first).to.deep.equal(make());
          expect(Object.getPrototypeOf(Object(first))).to.equal(
            Object.getPrototypeOf(Object(value)),
          );
          if (typeof first === 'object' && first !== null) expect(first).to.not.equal(second);
          expect(await cache.has('value')).to.equal(true);
        });
      }

      it('shares no object with the value that was set or returned', async () => {
        const given = { list: [1] };
        await cache.set('a', given);
        given.list.push(2);
        const taken = await cache.get<{ list: number[] }>('a');
        taken?.list.push(3);
        expect(await cache.get('a')).to.deep.equal({ list: [1] });
      });

      it('pollutes no prototype', async () => {
        await cache.set(
          'a',
          JSON.parse(
            '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
          ),
        );
        await cache.get('a');
        expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
      });

      it('keeps a class instance as a plain object of its properties', async () => {
        await cache.set('a', new Product('tea'));
        const product = await cache.get('a');
        expect(product).to.deep.equal({ name: 'tea' }).and.not.be.an.instanceOf(Product);
      });

      for (const ttl of [40, '40ms'] as const) {
        it(`forgets after a ttl of ${JSON.stringify(ttl)}`, async () => {
          await cache.set('a', 1, { ttl });
          await until(
            async () => (await cache.get('a')) === undefined,
            'the value has expired',
            2_000,
          );
          expect(await cache.has('a')).to.equal(false);
        });
      }

      it('keeps for the cache’s ttl when set does not say', async () => {
        const brief = stand.open({ ...(await options()), ttl: '50ms' });
        await brief.set('a', 1);
        await until(
          async () => (await brief.get('a')) === undefined,
          'the value has expired',
          2_000,
        );
      });

      it('takes undefined options for none', async () => {
        await cache.set('a', 1, undefined);
        await cache.set('b', 2, { ttl: undefined } as object);
        expect(await cache.getMany(['a', 'b'])).to.deep.equal(
          new Map([
            ['a', 1],
            ['b', 2],
          ]),
        );
      });
    });

    describe('delete and has', () => {
      it('deletes one key', async () => {
        await cache.setMany([
          ['a', 1],
          ['b', 2],
        ]);
        await cache.delete('a');
        expect(await cache.has('a')).to.equal(false);
        expect(await cache.has('b')).to.equal(true);
        expect(await cache.get('a')).to.equal(undefined);
      });

      it('deletes a missing key without an error', async () => {
        expect(await cache.delete('nothing')).to.be.oneOf(['applied', 'deferred']);
      });

      it('tells a cached undefined from nothing', async () => {
        await cache.set('a', undefined);
        expect(await cache.get('a')).to.equal(undefined);
        expect([await cache.has('a'), await cache.has('b')]).to.deep.equal([true, false]);
      });
    });

    describe('deleteMany', () => {
      it('deletes the keys that are there, and no others', async () => {
        await cache.setMany(Object.entries({ a: 1, b: 2, c: 3 }));
        expect(await cache.deleteMany(['a', 'missing', 'c', 'a'])).to.be.oneOf([
          'applied',
          'deferred',
        ]);
        expect([...(await cache.getMany(['a', 'b', 'c']))]).to.deep.equal([['b', 2]]);
        expect(await cache.deleteMany([])).to.equal('applied');
      });
    });

    describe('getMany and setMany', () => {
      it('gives the keys that are there, once, in the order asked', async () => {
        await cache.setMany(
          new Map([
            ['c', 3],
            ['a', 1],
            ['b', 2],
          ]),
        );
        const found = await cache.getMany(['b', 'missing', 'a', 'b', 'c']);
        expect([...found]).to.deep.equal([
          ['b', 2],
          ['a', 1],
          ['c', 3],
        ]);
      });

      it('tells a cached undefined from a missing key', async () => {
        await cache.set('a', undefined);
        expect([...(await cache.getMany(['a', 'b']))]).to.deep.equal([['a', undefined]]);
      });

      it('takes no keys and no entries', async () => {
        expect((await cache.getMany([])).size).to.equal(0);
        expect(await cache.setMany([])).to.equal('applied');
      });

      it('gives every entry the ttl', async () => {
        await cache.setMany(
          [
            ['a', 1],
            ['b', 2],
          ],
          { ttl: 40 },
        );
        await until(
          async () => (await cache.getMany(['a', 'b'])).size === 0,
          'both have expired',
          2_000,
        );
      });

      it('keeps more keys than one command takes', async () => {
        const many = Array.from({ length: 90 }, (_, i) => [`k:${i}`, i] as const);
        await cache.setMany(many);
        expect([...(await cache.getMany(many.map(([key]) => key)))]).to.deep.equal(many);
      });
    });

    describe('getOrSet', () => {
      it('loads once, and then returns the loaded value', async () => {
        let loads = 0;
        const load = (): object => ({ load: ++loads });
        expect(await cache.getOrSet('a', load)).to.deep.equal({ load: 1 });
        expect(await cache.getOrSet('a', load)).to.deep.equal({ load: 1 });
        expect(await cache.get('a')).to.deep.equal({ load: 1 });
      });

      it('runs one loader for any number of callers, and each gets a value of its own', async () => {
        let loads = 0;
        const load = async (): Promise<{ list: number[] }> => {
          loads++;
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { list: [] };
        };
        const values = await Promise.all(
          Array.from({ length: 50 }, () => cache.getOrSet('a', load)),
        );
        expect(loads).to.equal(1);
        expect(new Set(values).size).to.equal(50);
      });

      for (const value of [undefined, null, 0, '', false]) {
        it(`takes ${JSON.stringify(value) ?? 'undefined'} for a value`, async () => {
          let loads = 0;
          const load = (): unknown => {
            loads++;
            return value;
          };
          await cache.getOrSet('a', load);
          expect(await cache.getOrSet('a', load)).to.equal(value);
          expect(loads).to.equal(1);
        });
      }

      it('hands a rejection to every caller, and does not cache it', async () => {
        const broken = new Error('the database is down');
        const fail = (): Promise<never> => Promise.reject(broken);
        const results = await Promise.allSettled([1, 2, 3].map(() => cache.getOrSet('a', fail)));
        expect(results.map((result) => (result as PromiseRejectedResult).reason)).to.deep.equal([
          broken,
          broken,
          broken,
        ]);
        expect(await cache.getOrSet('a', () => 'loaded')).to.equal('loaded');
      });

      it('passes on what a loader throws synchronously, even if it is not an error', async () => {
        const thrown = await cache
          .getOrSet('a', () => {
            throw 'a text';
          })
          .catch((error: unknown) => ({ caught: error }));
        expect(thrown).to.deep.equal({ caught: 'a text' });
      });

      it('tells the loader its key, and keeps for the ttl it was given', async () => {
        const load = ({ key }: { key: string }): string => `value of ${key}`;
        expect(await cache.getOrSet('a', load, { ttl: 40 })).to.equal('value of a');
        await until(async () => !(await cache.has('a')), 'the value has expired', 2_000);
      });

      it('loads several keys with one call', async () => {
        await cache.set('b', 'cached');
        const asked: (readonly string[])[] = [];
        const values = await cache.getOrSetMany(['a', 'b', 'c', 'a'], (keys) => {
          asked.push(keys);
          return new Map(keys.map((key) => [key, `loaded ${key}`]));
        });
        expect([...values]).to.deep.equal([
          ['a', 'loaded a'],
          ['b', 'cached'],
          ['c', 'loaded c'],
        ]);
        expect(asked).to.deep.equal([['a', 'c']]);
        expect(await cache.get('c')).to.equal('loaded c');
      });
    });

    describe('clear', () => {
      const KEYS = ['products:1', 'products:2', 'product:3', 'users:1', 'users:[x]', 'a*b'];
      beforeEach(() => cache.setMany(KEYS.map((key) => [key, key])));

      const left = async (): Promise<string[]> => [...(await cache.getMany(KEYS)).keys()];

      it('removes everything without a pattern', async () => {
        await cache.clear();
        expect(await left()).to.deep.equal([]);
      });

      it('removes the keys that match a glob, and no others', async () => {
        await cache.clear('products:*');
        expect(await left()).to.deep.equal(['product:3', 'users:1', 'users:[x]', 'a*b']);
        await cache.clear('user?:[0-9]');
        expect(await left()).to.deep.equal(['product:3', 'users:[x]', 'a*b']);
        await cache.clear('users:\\[x\\]');
        await cache.clear('a\\*b');
        expect(await left()).to.deep.equal(['product:3']);
      });

      it('leaves all where nothing matches', async () => {
        await cache.clear('nothing:*');
        expect(await left()).to.deep.equal(KEYS);
      });
    });

    describe('wrong arguments', () => {
      const wrongKeys: unknown[] = ['', undefined, null, 42, {}, 'x'.repeat(1_025), '__ech:fence'];
      for (const key of wrongKeys) {
        it(`refuses the key ${String(key).slice(0, 20) || "''"} everywhere`, async () => {
          const bad = key as string;
          const calls = [
            cache.get(bad),
            cache.set(bad, 1),
            cache.delete(bad),
            cache.deleteMany(['a', bad]),
            cache.has(bad),
            cache.getMany(['a', bad]),
            cache.setMany([
              ['a', 1],
              [bad, 1],
            ]),
            cache.getOrSet(bad, () => 1),
            cache.getOrSetMany([bad], () => new Map()),
          ];
          for (const result of await Promise.allSettled(calls)) expectCode(result, 'ERR_CACHE_KEY');
          expect(await cache.has('a'), 'a part of setMany').to.equal(false);
        });
      }

      it('refuses a loader that is no function', async () => {
        const notFunction = 'SELECT 1' as unknown as () => unknown;
        const [result] = await Promise.allSettled([cache.getOrSet('a', notFunction)]);
        expectCode(result, 'ERR_CACHE_LOADER', /the loader must be a function, got 'SELECT 1'/);
      });

      it('refuses a value that cannot be encoded, and names the part', async () => {
        const cases: [unknown, RegExp][] = [
          [() => 1, /^value is a function/],
          [{ a: [Symbol('x')] }, /^value\.a\[0\] is a symbol/],
          [{ later: Promise.resolve(1) }, /^value\.later is a Promise.+Await it first/],
          [{ wm: new WeakMap() }, /^value\.wm is a WeakMap/],
        ];
        for (const [value, message] of cases) {
          const [result] = await Promise.allSettled([cache.set('a', value)]);
          expectCode(result, 'ERR_CACHE_VALUE', message);
          const [loaded] = await Promise.allSettled([cache.getOrSet('b', () => value as object)]);
          if (typeof value !== 'function') expectCode(loaded, 'ERR_CACHE_VALUE', message);
        }
        const cycle: Record<string, unknown> = {};
        cycle.self = cycle;
        const [result] = await Promise.allSettled([cache.set('a', cycle)]);
        expectCode(result, 'ERR_CACHE_VALUE', /value\.self leads back/);
        expect(await cache.has('a')).to.equal(false);
      });

      it('refuses wrong options of one call', async () => {
        const wrong: [Promise<unknown>, RegExp][] = [
          [cache.set('a', 1, { ttl: 0 }), /ttl must be a duration from 1 ms/],
          [
            cache.set('a', 1, { ttl: '5 minutes' as '5m' }),
            /ttl must be a number of milliseconds or text such as '30s'/,
          ],
          [cache.set('a', 1, { tll: 1 } as object), /has no option 'tll'\. Did you mean 'ttl'\?/],
          [cache.set('a', 1, 300 as unknown as object), /must be an object of options, got 300/],
          [cache.getOrSet('a', () => 1, { ttl: -1 }), /ttl must be/],
          [cache.getOrSet('a', () => 1, { ttls: 1 } as object), /Did you mean 'ttl'/],
        ];
        for (const [call, message] of wrong) {
          const [result] = await Promise.allSettled([call]);
          expectCode(result, 'ERR_CACHE_OPTION', message);
        }
      });

      it('refuses a wrong pattern', async () => {
        for (const pattern of ['', 42, null]) {
          const [result] = await Promise.allSettled([cache.clear(pattern as string)]);
          expectCode(result, 'ERR_CACHE_KEY', /the pattern must be a glob/);
        }
      });

      it('refuses an unknown event, and a listener that is no function', () => {
        const on = cache.on.bind(cache) as (name: string, listener: unknown) => void;
        expect(() => on('modechanged', () => {})).to.throw(
          /the event must be modechange or lookup/,
        );
        expect(() => on('lookup', 'x')).to.throw(/the listener must be a function/);
      });
    });

    describe('status and events', () => {
      it('counts hits, misses, sets and deletes', async () => {
        await cache.get('a');
        await cache.set('a', 1);
        await cache.get('a');
        await cache.getOrSet('a', () => 2);
        await cache.getOrSet('b', () => 2);
        await cache.getMany(['a', 'b', 'c']);
        await cache.delete('a');
        await cache.clear('b');
        const { hits, misses, sets, deletes, hitRate } = cache.status().metrics;
        expect({ hits, misses, sets, deletes, hitRate }).to.deep.equal({
          hits: 4,
          misses: 3,
          sets: 2,
          deletes: 2,
          hitRate: 0.57,
        });
      });

      it('has a hit rate of 0.86 after 150 hits and 25 misses', async () => {
        await cache.set('a', 1);
        for (let i = 0; i < 150; i++) await cache.get('a');
        for (let i = 0; i < 25; i++) await cache.get('b');
        const { hits, misses, hitRate } = cache.status().metrics;
        expect({ hits, misses, hitRate }).to.deep.equal({ hits: 150, misses: 25, hitRate: 0.86 });
      });

      it('tells each lookup, with the tier that answered, until unsubscribed', async () => {
        const lookups = tiers();
        const own: Lookup[] = [];
        const stop = cache.on('lookup', (lookup) => own.push(lookup));
        await cache.get('a');
        await cache.set('a', 1);
        await cache.get('a');
        stop();
        stop();
        await cache.getOrSet('a', () => 2);
        expect(lookups).to.deep.equal([
          { key: 'a', outcome: 'miss' },
          { key: 'a', outcome: 'hit', tier },
          { key: 'a', outcome: 'hit', tier },
        ]);
        expect(own).to.have.lengthOf(2);
      });

      it('is harmed by no listener that throws or rejects', async () => {
        cache.on('lookup', () => {
          throw new Error('thrown');
        });
        cache.on('lookup', () => Promise.reject(new Error('rejected')));
        const lookups = tiers();
        expect(await cache.get('a')).to.equal(undefined);
        expect(lookups).to.have.lengthOf(1);
      });
    });
  });
}

function expectCode(
  result: PromiseSettledResult<unknown> | undefined,
  code: string,
  message = /./,
): void {
  const error = (result as PromiseRejectedResult).reason as Error;
  expect(isCacheHealthError(error), String(error)).to.equal(true);
  expect(error).to.have.property('code', code);
  expect(error.message).to.match(message);
}

describe('integration: every method of the cache', () => {
  describeMethods('with Redis', 'redis', async () => ({}));
  describeMethods('with Redis away', 'memory', async () => ({
    redis: `redis://127.0.0.1:${await freePort()}`,
  }));
  describeMethods('with memory alone', 'memory', async () => ({ redis: false }));
});
