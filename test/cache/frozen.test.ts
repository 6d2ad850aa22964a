import { expect } from 'chai';
import type { CacheOptions } from '../../lib/cache/options.js';
import { encodeValue } from '../../lib/entry/codec.js';
import { bytesOf, copyOf, decodeFor } from '../../lib/entry/sharing.js';
import { createTestCache, type TestCache } from '../../lib/testing/create-test-cache.js';

interface Product {
  name: string;
  parts: { id: number }[];
}

const product = (): Product => ({ name: 'Espresso', parts: [{ id: 1 }, { id: 2 }] });

function isFrozenDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenDeep);
}

describe("memory: { share: 'frozen' }", () => {
  const caches: TestCache[] = [];

  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });

  /** Its memory shares frozen values. */
  function sharing(options: CacheOptions = {}): TestCache {
    const cache = createTestCache({ memory: { share: 'frozen' }, ...options });
    caches.push(cache);
    return cache;
  }

  /** Redis is away, so memory answers. */
  async function inOutage(options?: CacheOptions): Promise<TestCache> {
    const cache = sharing(options);
    await cache.breakRedis('hang');
    return cache;
  }

  it('gives one object for a value that memory holds, to get, getMany, getOrSet and wrap', async () => {
    const cache = await inOutage();
    await cache.set('a', product());
    const first = await cache.get<Product>('a');
    expect(first).to.deep.equal(product());
    expect(isFrozenDeep(first)).to.equal(true);
    const never = (): never => expect.fail('it is a hit');
    const wrapped = cache.wrap(never, { key: () => 'a' });
    const others = [
      await cache.get('a'),
      (await cache.getMany(['a'])).get('a'),
      await cache.getOrSet('a', never),
      (await cache.getOrSetMany(['a'], never)).get('a'),
      await wrapped(),
      await cache
        .namespace('n')
        .getOrSet('a', () => 1)
        .then(() => cache.get('a')),
    ];
    for (const other of others) expect(other === first).to.equal(true);
  });

  it('freezes what Redis shows, too, so that code which changes values fails in every mode', async () => {
    const cache = sharing();
    await cache.set('a', product());
    const fromRedis = await cache.get<Product>('a');
    expect(cache.counts('a').fromMemory).to.equal(0);
    expect(isFrozenDeep(fromRedis)).to.equal(true);
    expect(() => fromRedis?.parts.push({ id: 3 })).to.throw(TypeError);
  });

  it('never freezes what a caller or a loader has', async () => {
    const cache = await inOutage();
    const [given, loaded] = [product(), product()];
    await cache.set('a', given);
    await cache.get('a');
    const returned = await cache.getOrSet('b', () => loaded);
    given.parts.push({ id: 3 });
    loaded.parts.push({ id: 3 });
    expect(isFrozenDeep(returned)).to.equal(true);
    expect(returned === loaded).to.equal(false);
    expect(await cache.getMany(['a', 'b'])).to.deep.equal(
      new Map([
        ['a', product()],
        ['b', product()],
      ]),
    );
  });

  it('gives the callers of one load, and of one stale value, the same object', async () => {
    const cache = await inOutage({ ttl: '1m', grace: '1h' });
    let finish = (_: Product): void => {};
    const load = (): Promise<Product> => new Promise((resolve) => (finish = resolve));
    const loading = [cache.getOrSet('a', load), cache.getOrSet('a', load)];
    await cache.advance(0);
    finish(product());
    const [one, two] = await Promise.all(loading);
    expect(one === two && isFrozenDeep(one)).to.equal(true);
    await cache.set('b', product(), { ttl: '10s' });
    await cache.advance('11s');
    const failing = async ({ stale }: { stale?: unknown }): Promise<unknown> => {
      expect(isFrozenDeep(stale)).to.equal(true);
      throw new Error('the database is away');
    };
    const stale = await Promise.all([cache.getOrSet('b', failing), cache.getOrSet('b', failing)]);
    expect(stale[0] === stale[1] && isFrozenDeep(stale[0])).to.equal(true);
  });

  it('gives the new object after a change, and leaves the old one as it was', async () => {
    const cache = await inOutage();
    await cache.set('a', product());
    const before = await cache.get('a');
    await cache.set('a', { name: 'Lungo' });
    expect(await cache.get('a')).to.deep.equal({ name: 'Lungo' });
    expect(before).to.deep.equal(product());
    await cache.delete('a');
    expect(await cache.get('a')).to.equal(undefined);
  });

  it('gives a copy of its own, not frozen, of a value with a Date, a Map, a Set or bytes', async () => {
    const cache = await inOutage();
    const values = [
      new Date(5),
      new Map([[1, 2]]),
      new Set([1]),
      Buffer.from('a'),
      new Uint8Array(2),
    ];
    for (const [i, part] of values.entries()) {
      await cache.set('a', { part, of: product() });
      const [one, two] = [await cache.get<Product>('a'), await cache.get<Product>('a')];
      expect(one, `value ${i}`).to.deep.equal({ part, of: product() });
      expect(one === two, `value ${i}`).to.equal(false);
      expect(Object.isFrozen(one), `value ${i}`).to.equal(false);
    }
    await cache.set('a', { of: [1n, undefined, Number.NaN, -0] });
    expect(await cache.get('a')).to.deep.equal({ of: [1n, undefined, Number.NaN, -0] });
    const [one, two] = [await cache.get('a'), await cache.get('a')];
    expect(one === two).to.equal(true);
  });

  it('counts the object beside its text in maxBytes, from its first hit on', async () => {
    const cache = await inOutage({ memory: { share: 'frozen', max: 10, maxBytes: 100_000 } });
    const bytes = (): number => cache.status().memory?.bytes ?? 0;
    await cache.set('a', product());
    const textOnly = bytes();
    await cache.get('a');
    expect(bytes()).to.equal(textOnly + bytesOf(product()));
    await cache.get('a');
    expect(bytes()).to.equal(textOnly + bytesOf(product()));
    await cache.delete('a');
    expect(bytes()).to.equal(0);
  });

  it('does not let a large object push out the rest of memory, nor itself', async () => {
    const cache = await inOutage({ memory: { share: 'frozen', max: 10, maxBytes: 10_000 } });
    const large = Array.from({ length: 500 }, (_, i) => i);
    await cache.set('small', product());
    await cache.set('large', large);
    const [one, two] = [await cache.get('large'), await cache.get('large')];
    expect(one).to.deep.equal(large);
    expect(isFrozenDeep(one)).to.equal(true);
    expect(one === two).to.equal(false);
    expect(await cache.get('small')).to.deep.equal(product());
  });

  it('is off by default: each caller may change what it got, to its depths', async () => {
    const cache = await inOutage({ memory: {} });
    await cache.set('a', product());
    for (let hit = 0; hit < 3; hit++) {
      const mine = await cache.get<Product>('a');
      expect(mine).to.deep.equal(product());
      mine?.parts.push({ id: 3 });
      (mine as Product).parts[0] = { id: 9 };
      Object.assign((mine as Product).parts[1] as object, { id: 9 });
    }
  });

  it('copies whatever JSON.parse makes', () => {
    const texts = [
      'null',
      '5',
      '"a"',
      '[]',
      '{}',
      '[[1],{"a":[{"b":null}]}]',
      '{"__proto__":{"a":[1]}}',
    ];
    for (const text of texts) {
      const value: unknown = JSON.parse(text);
      const copy = copyOf(value);
      expect(JSON.stringify(copy)).to.equal(text);
      expect(Object.getPrototypeOf(Object(copy))).to.equal(Object.getPrototypeOf(Object(value)));
    }
  });

  it('keeps no object to copy of a long text, nor where memory is more than half full', async () => {
    const cache = await inOutage({ memory: { max: 10, maxBytes: 20_000 } });
    const bytes = (): number => cache.status().memory?.bytes ?? 0;
    await cache.set('long', 'x'.repeat(4_200));
    const long = bytes();
    await cache.get('long');
    expect(bytes()).to.equal(long);
    await cache.set('short', product());
    const short = bytes();
    await cache.get('short');
    expect(bytes()).to.equal(short + bytesOf(product()));
    await cache.set('longer', 'x'.repeat(9_000));
    await cache.set('other', product());
    const full = bytes();
    expect(await cache.get('other')).to.deep.equal(product());
    expect(bytes()).to.equal(full);
  });

  it('knows the size of a value, about', () => {
    const sizes = [null, true, 5, 0.5, 'ä', [1, 2], { a: { b: 'c' } }].map(bytesOf);
    expect(sizes).to.deep.equal([0, 0, 0, 16, 18, 64, 24 + 8 + 24 + 8 + 17]);
  });

  it('freezes nothing of a value that it cannot freeze as a whole', () => {
    const text = encodeValue([{ a: 1 }, new Date(0)]);
    const { value, isFrozen } = decodeFor('frozen', text, 0);
    expect(isFrozen).to.equal(false);
    expect(Object.isFrozen((value as object[])[0])).to.equal(false);
  });

  it('refuses another word, and says what to write', () => {
    const share = 'freeze' as 'frozen';
    expect(() => createTestCache({ memory: { share } })).to.throw(
      /memory\.share.*'copy' or 'frozen'/,
    );
  });
});
