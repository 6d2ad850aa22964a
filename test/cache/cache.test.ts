import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { Cache } from '../../lib/api/cache.js';
import type { Lookup } from '../../lib/api/events.js';
import { CACHE_METHODS, isCache } from '../../lib/core/is-cache.js';
import { ManualClock } from '../support/manual-clock.js';
import { found, rejection, useCache } from './support.js';

const KEYS = Array.from({ length: 5_000 }, (_, i) => `k${i}`);

describe('the cache', () => {
  it('returns the store’s values, from Redis and from memory', async () => {
    for (const isMemory of [false, true]) {
      const { cache, store, metrics } = useCache();
      store.isMemory = isMemory;
      store.entries.set('a', found('j{"n":1}'));
      expect(await cache.get('a')).to.deep.equal({ n: 1 });
      expect(await cache.get('b')).to.equal(undefined);
      expect(await cache.has('a')).to.equal(true);
      expect(metrics.snapshot()).to.include({ hits: 1, misses: 1 });
    }
  });

  it('gives no stale value to get, has and getMany', async () => {
    const { cache, store } = useCache();
    store.entries.set('a', found('j1', { isStale: true }));
    expect(await cache.get('a')).to.equal(undefined);
    expect(await cache.has('a')).to.equal(false);
    expect((await cache.getMany(['a'])).size).to.equal(0);
  });

  it('counts an entry that cannot be decoded as a miss, and has the store drop it', async () => {
    const { cache, store, metrics } = useCache();
    store.entries.set('a', found('j{'));
    expect(await cache.get('a')).to.equal(undefined);
    expect(await cache.getOrSet('a', () => 'loaded')).to.equal('loaded');
    expect(store.unreadableKeys).to.deep.equal(['a', 'a']);
    expect(metrics.snapshot()).to.include({ hits: 0, misses: 2 });
  });

  it('loads missing values, and refreshes present ones if the options say so', async () => {
    const { cache, store, loading } = useCache();
    expect(await cache.getOrSet('a', () => 1)).to.equal(1);
    store.entries.set('a', found('j2'));
    expect(await cache.getOrSet('a', () => 1)).to.equal(2);
    expect(loading.refreshed).to.deep.equal([]);
    await cache.getOrSet('a', () => 1, { refreshAhead: true });
    expect(loading.refreshed).to.deep.equal(['a']);
  });

  it('lets the event loop turn in a row of misses, whatever asks', async () => {
    const rows: Readonly<Record<string, (cache: Cache, key: string) => Promise<unknown>>> = {
      get: (cache, key) => cache.get(key),
      has: (cache, key) => cache.has(key),
      getOrSet: (cache, key) => cache.getOrSet(key, () => 1),
      send: (cache, key) =>
        cache.send(new ServerResponse(new IncomingMessage(new Socket())), key, () => 1),
    };
    for (const [name, ask] of Object.entries(rows)) {
      const clock = new ManualClock();
      const { cache, store } = useCache({}, clock);
      store.isMemory = true;
      let turned = 0;
      setImmediate(() => turned++);
      for (let i = 0; i < 4; i++) {
        await ask(cache, `k${i}`);
        clock.jump(1);
      }
      expect(turned, name).to.equal(1);
    }
  });

  it('gives values of getMany and getOrSetMany in the order of the keys, once each', async () => {
    const { cache, store } = useCache();
    store.entries.set('c', found('j3')).set('a', found('j1'));
    expect([...(await cache.getMany(['c', 'b', 'a', 'c']))]).to.deep.equal([
      ['c', 3],
      ['a', 1],
    ]);
    const load = (keys: readonly string[]): Map<string, unknown> => {
      expect(keys).to.deep.equal(['b', 'd']);
      return new Map([['b', 2]]);
    };
    const all = await cache.getOrSetMany(['c', 'b', 'a', 'd'], load);
    expect([...all]).to.deep.equal([
      ['c', 3],
      ['b', 2],
      ['a', 1],
    ]);
  });

  it('counts the keys that a loader did not give as misses', async () => {
    const { cache, metrics } = useCache();
    await cache.getOrSetMany(['a', 'b'], () => new Map([['a', 1]]));
    expect(metrics.snapshot()).to.include({ hits: 0, misses: 2 });
  });

  it('does not ask the loader of getOrSetMany when nothing is missing', async () => {
    const { cache, store } = useCache();
    store.entries.set('a', found('j1'));
    const load = (): never => {
      throw new Error('asked');
    };
    expect((await cache.getOrSetMany(['a'], load)).get('a')).to.equal(1);
    expect((await cache.getOrSetMany([], load)).size).to.equal(0);
  });

  it('changes many keys with few calls of the store, and no single one', async () => {
    const { cache, store } = useCache();
    expect(await cache.setMany(KEYS.map((key) => [key, key] as const))).to.equal('applied');
    expect((await cache.getMany(KEYS)).size).to.equal(KEYS.length);
    expect(await cache.deleteMany(KEYS)).to.equal('applied');
    expect(store.entries.size).to.equal(0);
    const counts = store.calls.map(([, count]) => count);
    expect(counts.reduce((sum, count) => sum + count)).to.equal(3 * KEYS.length);
    expect(counts.length).to.be.below((3 * KEYS.length) / 400);
  });

  it('answers a bulk change with the worst of its answers', async () => {
    const { cache, store } = useCache();
    store.result = 'deferred';
    expect(await cache.deleteMany(KEYS)).to.equal('deferred');
    expect(await cache.setMany([['a', 1]])).to.equal('deferred');
    expect(await cache.setMany([])).to.equal('applied');
  });

  it('changes nothing when one of the arguments of a bulk change is wrong', async () => {
    const { cache, store } = useCache();
    const entries = [...KEYS.map((key) => [key, 1] as const), ['z', () => {}] as const];
    expect((await rejection(cache.setMany(entries))).code).to.equal('ERR_CACHE_VALUE');
    expect((await rejection(cache.deleteMany([...KEYS, '']))).code).to.equal('ERR_CACHE_KEY');
    expect(store.calls).to.deep.equal([]);
  });

  it('refuses a text in place of an array of keys', async () => {
    const { cache } = useCache();
    const text = 'abc' as never;
    for (const call of [cache.getMany(text), cache.deleteMany(text)]) {
      const error = await rejection(call);
      expect(error.message).to.match(/^the keys must be an array of keys, got 'abc'\. Write one/);
    }
  });

  it('hands patterns to the store, and refuses long ones', async () => {
    const { cache, store } = useCache();
    await cache.clear();
    await cache.clear('products:*');
    expect(store.calls).to.deep.equal([
      ['clear *', 0],
      ['clear products:*', 0],
    ]);
    expect((await rejection(cache.clear('x'.repeat(1_025)))).message).to.match(/1 to 1024 char/);
  });

  it('gives a request a view of the store of its own, and its own lookups', async () => {
    const { cache, store } = useCache();
    const [a, b] = [cache.forRequest(), cache.forRequest()];
    const seen: Lookup[] = [];
    const all: Lookup[] = [];
    a.on('lookup', (lookup) => seen.push(lookup));
    cache.on('lookup', (lookup) => all.push(lookup));
    store.entries.set('k', found('j1', { tier: 'memory' }));
    await a.get('k');
    await b.get('k');
    await cache.get('x');
    expect(store.requests).to.have.lengthOf(2);
    expect(store.calls).to.deep.equal([['get', 1]]);
    expect(seen).to.deep.equal([{ key: 'k', outcome: 'hit', tier: 'memory' }]);
    expect(all.map(({ outcome }) => outcome)).to.deep.equal(['hit', 'hit', 'miss']);
  });

  it('contains a listener that throws, and says so', async () => {
    const { cache, lines } = useCache();
    const view = cache.forRequest();
    view.on('lookup', () => {
      throw new Error('mine');
    });
    await view.get('a');
    expect(lines).to.deep.equal(['listener: Error: mine']);
  });

  it('refuses a listener that is none, and an event that there is not', () => {
    const { cache } = useCache();
    expect(() => cache.on('lookup', 1 as never)).to.throw(/the listener must be a function/);
    expect(() => cache.on('hit' as never, () => {})).to.throw(/modechange or lookup or loaderror/);
  });

  it('closes, also by `await using`', async () => {
    const { cache, closed } = useCache();
    await cache.close();
    await cache[Symbol.asyncDispose]();
    expect(closed()).to.equal(2);
  });

  it('is known as a cache, also without its mark', () => {
    const { cache } = useCache();
    expect(isCache(cache)).to.equal(true);
    expect(CACHE_METHODS.filter((name) => typeof cache[name] !== 'function')).to.deep.equal([]);
    expect((cache as never)[Symbol.for('express-cache-health.cache') as never]).to.equal(true);
  });

  it('rejects with the reason of a signal that is aborted already', async () => {
    const { cache } = useCache();
    const signal = AbortSignal.abort(new Error('gone'));
    expect((await rejection(cache.getOrSet('a', () => 1, { signal }))).message).to.equal('gone');
    const many = cache.getOrSetMany(['a'], () => new Map(), { signal });
    expect((await rejection(many)).message).to.equal('gone');
  });
});
