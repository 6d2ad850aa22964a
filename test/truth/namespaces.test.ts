import { expect } from 'chai';
import fc from 'fast-check';
import type { Cache } from '../../lib/api/cache.js';
import type { Lookup } from '../../lib/api/events.js';
import { isCache } from '../../lib/core/is-cache.js';
import { until } from '../support/wait.js';
import { type Member, useWorld } from './world.js';

describe('a namespace', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
  });

  it('has keys of its own, in every method', async () => {
    const acme = a.cache.namespace('acme');
    await acme.set('k', 1);
    await acme.setMany([
      ['l', 2],
      ['m', 3],
    ]);
    expect(await a.cache.getMany(['k', 'l', 'm'])).to.deep.equal(new Map());
    const expected = { k: 1, l: 2, m: 3 };
    expect(Object.fromEntries(await acme.getMany(['k', 'l', 'm', 'n']))).to.deep.equal(expected);
    expect(await b.cache.namespace('acme').get('k')).to.equal(1);
    expect(await acme.has('k')).to.equal(true);
    const keys: string[] = [];
    const load = (key: string): string => {
      keys.push(key);
      return key;
    };
    expect(await acme.getOrSet('o', ({ key }) => load(key))).to.equal('o');
    const many = await acme.getOrSetMany(
      ['p', 'k'],
      async (missing) => new Map(missing.map((key) => [key, load(key)])),
    );
    expect([...many]).to.deep.equal([
      ['p', 'p'],
      ['k', 1],
    ]);
    const wrapped = acme.wrap((id: string) => load(id), { key: (id) => id });
    expect([await wrapped('q'), await acme.get('q')]).to.deep.equal(['q', 'q']);
    expect(keys).to.deep.equal(['o', 'p', 'q']);
    await acme.delete('k');
    await acme.deleteMany(['l', 'm']);
    expect(await acme.getMany(['k', 'l', 'm'])).to.deep.equal(new Map());
  });

  it('is cleared with what is inside of it, and nothing else', async () => {
    const acme = a.cache.namespace('acme');
    const inner = acme.namespace('inner');
    const others = [a.cache, a.cache.namespace('acme2'), a.cache.namespace('inner')];
    for (const cache of [acme, inner, ...others]) await cache.set('k', 1);
    expect(await b.cache.namespace('acme').get('k')).to.equal(1);
    expect(await inner.clear()).to.equal('applied');
    expect([await inner.get('k'), await acme.get('k')]).to.deep.equal([undefined, 1]);
    await inner.set('k', 2);
    expect(await acme.clear()).to.equal('applied');
    expect([await inner.get('k'), await acme.get('k')]).to.deep.equal([undefined, undefined]);
    for (const cache of others) expect(await cache.get('k')).to.equal(1);
    const there = b.cache.namespace('acme');
    await until(async () => (await there.get('k')) === undefined, 'B has heard of it');
    await acme.set('k', 3);
    expect(await acme.get('k')).to.equal(3);
    await a.cache.clear();
    expect(await acme.get('k')).to.equal(undefined);
  });

  it('is cleared by a pattern within itself', async () => {
    const acme = a.cache.namespace('a*');
    const inner = acme.namespace('user');
    const other = a.cache.namespace('ab');
    const all: readonly Cache[] = [acme, inner, other, a.cache];
    for (const cache of all)
      await cache.setMany(['user:1', 'user:2', 'page'].map((key) => [key, key]));
    await acme.clear('user:*');
    const left = await Promise.all(
      all.map(async (cache) => [...(await cache.getMany(['user:1', 'user:2', 'page'])).keys()]),
    );
    const whole = ['user:1', 'user:2', 'page'];
    expect(left).to.deep.equal([['page'], whole, whole, whole]);
    await a.cache.clear('*user*');
    expect(await inner.get('user:1')).to.equal('user:1');
    await acme.clear('*');
    expect([await acme.get('page'), await inner.get('page')]).to.deep.equal([undefined, undefined]);
    expect(await other.get('page')).to.equal('page');
  });

  it('has tags of its own, and those that were given with it are of the cache around it', async () => {
    const acme = a.cache.namespace('acme', { tags: ['free'] });
    const globex = a.cache.namespace('globex', { tags: ['free'] });
    for (const cache of [acme, globex]) {
      await cache.set('k', 1, { tags: ['red'] });
      await cache.getOrSet('l', ({ setTags }) => {
        setTags(['red']);
        return 2;
      });
    }
    await acme.invalidateTags(['red']);
    expect((await acme.getMany(['k', 'l'])).size).to.equal(0);
    await acme.invalidateTags(['free']);
    await a.cache.invalidateTags(['red']);
    expect((await globex.getMany(['k', 'l'])).size).to.equal(2);
    await a.cache.invalidateTags(['free']);
    expect((await globex.getMany(['k', 'l'])).size).to.equal(0);
  });

  it('has a lifetime of its own', async () => {
    const acme = a.cache.namespace('acme', { ttl: '1h' });
    await acme.set('k', 1);
    await acme.namespace('inner').set('k', 1);
    await acme.set('l', 1, { ttl: '2h' });
    const left = (key: string): Promise<unknown> => world.server.command('PTTL', `cache:${key}`);
    expect(await left('acme__ech:k')).to.be.within(3_500_000, 3_600_000);
    expect(await left('acme__ech:inner__ech:k')).to.be.within(3_500_000, 3_600_000);
    expect(await left('acme__ech:l')).to.be.above(7_000_000);
  });

  it('whose record Redis has evicted is empty', async () => {
    const acme = a.cache.namespace('acme');
    await acme.set('k', 1);
    await world.server.command('DEL', 'cache:__ech:tag:acme__ech:');
    const fresh = await world.join();
    expect(await fresh.cache.namespace('acme').get('k')).to.equal(undefined);
    await until(async () => (await acme.get('k')) === undefined, 'A has seen it');
  });

  it('is cleared in an outage, and stays so after it', async () => {
    const acme = a.cache.namespace('acme');
    await acme.set('k', 1);
    await world.isolate(a);
    expect(await acme.get('k')).to.equal(1);
    expect(await acme.clear()).to.equal('deferred');
    expect(await acme.get('k')).to.equal(undefined);
    await world.letIn(a);
    await until(async () => a.cache.status().mode === 'normal', 'Redis is back');
    expect(await acme.get('k')).to.equal(undefined);
    await until(async () => (await b.cache.namespace('acme').get('k')) === undefined, 'B knows');
  });
});

describe('a namespace without Redis', () => {
  const world = useWorld();

  it('keeps what it has apart, whatever names and keys there are', async () => {
    const cache = world.make({ redis: false, memory: { max: 10_000 } });
    const text = fc.string({
      unit: fc.constantFrom('a', ':', '_', '*', 'ech:', '__ech'),
      minLength: 1,
      maxLength: 4,
    });
    const fits = (value: string): boolean => !value.includes('__ech:');
    const path = fc.array(text.filter(fits), { maxLength: 3 });
    const place = fc.record({ path, key: text.filter(fits) });
    const inPlace = (names: readonly string[]): Cache =>
      names.reduce<Cache>((outer, name) => outer.namespace(name), cache);
    const property = fc.asyncProperty(
      fc.uniqueArray(place, {
        minLength: 2,
        maxLength: 6,
        selector: (each) => JSON.stringify(each),
      }),
      async (places) => {
        await cache.clear();
        for (const each of places) await inPlace(each.path).set(each.key, each);
        for (const each of places)
          expect(await inPlace(each.path).get(each.key)).to.deep.equal(each);
        const [first] = places;
        await inPlace(first?.path ?? []).clear();
        for (const each of places) {
          const isInside = first?.path.every((name, i) => each.path[i] === name) === true;
          const expected = isInside ? undefined : each;
          expect(await inPlace(each.path).get(each.key)).to.deep.equal(expected);
        }
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('is a cache, and shares one status, one connection and one end', async () => {
    const cache = world.make({ redis: false });
    const acme = cache.namespace('acme');
    expect(isCache(acme)).to.equal(true);
    await acme.get('k');
    expect(cache.status().metrics.misses).to.equal(1);
    expect(acme.status()).to.deep.equal(cache.status());
    await acme.close();
    await acme.set('k', 1);
    expect(await acme.get('k')).to.equal(1);
  });

  it('tells of its own lookups, with its own keys', async () => {
    const cache = world.make({ redis: false });
    const acme = cache.namespace('acme');
    const heard: Lookup[] = [];
    const off = acme.on('lookup', (event) => heard.push(event));
    const ofRequest: Lookup[] = [];
    const view = acme.forRequest();
    view.on('lookup', (event) => ofRequest.push(event));
    await cache.get('k');
    await cache.namespace('acme2').get('k');
    await acme.get('k');
    await view.get('l');
    off();
    await acme.get('m');
    expect(heard.map(({ key }) => key)).to.deep.equal(['k', 'l']);
    expect(ofRequest.map(({ key }) => key)).to.deep.equal(['l']);
  });

  it('is refused with a name or options that cannot be', async () => {
    const cache = world.make({ redis: false });
    const refusal = (name: unknown, options?: object): string => {
      try {
        cache.namespace(name as string, options);
        return '';
      } catch (error) {
        return String((error as Error).message);
      }
    };
    for (const name of [undefined, 42, '', 'x'.repeat(257), 'a__ech:b', '\ud800']) {
      expect(refusal(name), String(name)).to.match(/^the name of the namespace must be .* got /);
    }
    expect(refusal('a', { tll: 1 })).to.match(/has no option 'tll'. Did you mean 'ttl'\?/);
    expect(refusal('a', { tags: 'red' })).to.match(/^tags must be an array of tags/);
    let deep: Cache = cache;
    for (let depth = 0; depth < 8; depth++) deep = deep.namespace('n');
    expect(() => deep.namespace('n')).to.throw(/is inside of 8 others/);
    await deep.set('k', 1);
    expect(await deep.get('k')).to.equal(1);
    let long: Cache = cache;
    for (let depth = 0; depth < 3; depth++) long = long.namespace('x'.repeat(256));
    expect(() => long.namespace('x'.repeat(256))).to.throw(/more than 1024 characters together/);
    long = long.namespace('x'.repeat(1_024 - 3 * (256 + 6) - 6));
    await long.set('k', 1, { tags: ['t'.repeat(256)] });
    expect(await long.get('k'), 'the longest names, and the longest tag').to.equal(1);
    await long.invalidateTags(['t'.repeat(256)]);
    expect(await long.get('k')).to.equal(undefined);
    const clearing = cache.namespace('a').clear('x__ech:*');
    expect(await clearing.catch((error) => error.message)).to.match(/a glob without '__ech:'/);
  });
});
