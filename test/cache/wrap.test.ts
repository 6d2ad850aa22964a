import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';

interface Product {
  readonly id: number;
  readonly name: string;
}

describe('cache.wrap', () => {
  let cache: CacheHandle;
  beforeEach(() => {
    cache = createCache({ redis: false, logger: false });
  });
  afterEach(() => cache.close());

  it('runs the function once for each key, and gives each caller a copy', async () => {
    const calls: [number, string][] = [];
    const find = cache.wrap(
      async (id: number, language: string): Promise<Product> => {
        calls.push([id, language]);
        return { id, name: `${language} ${id}` };
      },
      { key: (id, language) => `product:${id}:${language}` },
    );
    const answers = await Promise.all([find(1, 'en'), find(1, 'en'), find(2, 'en')]);
    expect(await find(1, 'en')).to.deep.equal({ id: 1, name: 'en 1' });
    expect(answers[0]).to.deep.equal(answers[1]);
    expect(answers[0]).not.to.equal(answers[1]);
    expect(calls).to.deep.equal([
      [1, 'en'],
      [2, 'en'],
    ]);
    expect(await cache.get('product:1:en')).to.deep.equal({ id: 1, name: 'en 1' });
  });

  it('has the signature of the function', () => {
    const find = (id: number, _language?: string): Promise<Product> =>
      Promise.resolve({ id, name: '' });
    const cached: typeof find = cache.wrap(find, { key: (id) => `p:${id}` });
    expectTypeOf(cached).returns.toEqualTypeOf<Promise<Product>>();
    expectTypeOf(
      cache.wrap((id: number) => ({ id }), { key: (id) => `${id}` }),
    ).returns.toEqualTypeOf<Promise<{ id: number }>>();
    // @ts-expect-error a key is a text
    expectTypeOf(cache.wrap(find, { key: (id) => id })).toBeFunction();
  });

  it('keeps the name of the function, and `this`', async () => {
    class Shop {
      readonly prefix = 'shop';
      readonly find = cache.wrap(findIn, { key: (id) => `item:${id}` });
    }
    async function findIn(this: Shop, id: number): Promise<string> {
      return `${this.prefix}:${id}`;
    }
    const shop = new Shop();
    expect(shop.find.name).to.equal('findIn');
    expect(await shop.find(1)).to.equal('shop:1');
  });

  it('takes the lifetimes of getOrSet', async () => {
    let calls = 0;
    const next = cache.wrap(() => ++calls, {
      key: () => 'n',
      ttl: '1ms',
      grace: '1h',
      softTimeout: 0,
    });
    expect(await next()).to.equal(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // The stale value serves, and the function runs in the background.
    expect(await next()).to.equal(1);
  });

  it('rejects with what the function or the key throws, and stores nothing then', async () => {
    const broken = new Error('the database is away');
    const find = cache.wrap(() => Promise.reject(broken), { key: () => 'a' });
    const odd = cache.wrap(() => 1, {
      key: () => {
        throw broken;
      },
    });
    expect(await find().catch((error) => error)).to.equal(broken);
    expect(await odd().catch((error) => error)).to.equal(broken);
    expect(await cache.has('a')).to.equal(false);
  });

  it('counts as one lookup, on the view of a request too', async () => {
    const view = cache.forRequest();
    const keys: string[] = [];
    view.on('lookup', ({ key, outcome }) => keys.push(`${outcome} ${key}`));
    const find = view.wrap((id: number) => id, { key: (id) => `p:${id}` });
    await find(1);
    await find(1);
    expect(keys).to.deep.equal(['miss p:1', 'hit p:1']);
  });
});
