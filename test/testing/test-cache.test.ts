import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { cacheMiddleware, healthRouter } from '../../lib/index.js';
import { createTestCache, type RedisFault, type TestCache } from '../../lib/testing.js';

const NONE = { hits: 0, staleHits: 0, misses: 0, fromRedis: 0, fromMemory: 0, loads: 0 };

const FAULTS: readonly RedisFault[] = ['kill', 'hang', 'disconnect', 'loading'];
const WRITE_FAULTS: readonly RedisFault[] = ['read-only', 'full'];

/** What the cache said of its modes, in order. */
function modesOf(cache: TestCache): string[] {
  const modes: string[] = [];
  cache.on('modechange', ({ to }) => modes.push(to));
  return modes;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error) => `${error.code}: ${error.message}`,
  );
}

describe('the cache for tests', () => {
  let cache: TestCache;

  beforeEach(() => {
    cache = createTestCache({ ttl: '50s' });
  });

  afterEach(() => cache.close());

  it('is the real cache on Redis', async () => {
    expect(await cache.set('a', { at: new Date(0) })).to.equal('applied');
    expect(await cache.get('a')).to.deep.equal({ at: new Date(0) });
    expect(cache.status()).to.include({ mode: 'normal', connected: true });
    expect(cache.status().message).to.equal('Redis (the scripted Redis) serves.');
    expect(cache.counts('a')).to.deep.equal({ ...NONE, hits: 1, fromRedis: 1 });
  });

  it('takes the options of a cache, ignores redis, and refuses what is wrong', async () => {
    const other = createTestCache({ redis: 'redis://127.0.0.1:1', prefix: 'shop:', ttl: '1s' });
    expect(await other.set('a', 1)).to.equal('applied');
    await other.advance('2s');
    expect(await other.get('a')).to.equal(undefined);
    await other.close();
    expect(() => createTestCache({ tll: 1 } as never)).to.throw("Did you mean 'ttl'?");
    expect(() => createTestCache(new Map() as never)).to.throw('an object of options, got a Map');
    expect(() => createTestCache(42 as never)).to.throw('an object of options, got 42');
  });

  it('shares nothing with another one', async () => {
    const other = createTestCache();
    await cache.set('a', 1);
    await cache.breakRedis('kill');
    expect([await other.get('a'), other.status().mode]).to.deep.equal([undefined, 'normal']);
    await other.close();
  });

  describe('its time', () => {
    it('stands still until the test moves it', async () => {
      await cache.set('a', 1);
      await cache.advance(49_999);
      expect(await cache.get('a')).to.equal(1);
      await cache.advance(1);
      expect(await cache.get('a')).to.equal(undefined);
    });

    it('moves what the cache says of time', async () => {
      await cache.get('a');
      const before = Date.parse(cache.status().since);
      await cache.advance('2m');
      await cache.breakRedis('kill');
      expect(Date.parse(cache.status().since) - before).to.be.within(120_000, 123_000);
    });

    it('moves the time of loaders, of grace and of early refreshes', async () => {
      const slow = messageOf(cache.getOrSet('slow', () => new Promise(() => {})));
      await cache.advance('61s');
      expect(await slow).to.contain('ERR_CACHE_LOADER_TIMEOUT');
      await cache.getOrSet('a', () => 'old', { ttl: '1m', grace: '1h' });
      await cache.advance('2m');
      const failing = (): never => {
        throw new Error('the database is away');
      };
      expect(await cache.getOrSet('a', failing, { grace: '1h' })).to.equal('old');
      expect(cache.counts('a')).to.include({ staleHits: 1, loads: 2 });
    });

    it('moves in the order of the calls', async () => {
      await cache.set('a', 1);
      await Promise.all([cache.advance('30s'), cache.advance('30s')]);
      expect(await cache.get('a')).to.equal(undefined);
    });

    it('refuses what is no duration', async () => {
      expect(await messageOf(cache.advance('5 minutes' as never))).to.equal(
        "ERR_CACHE_OPTION: the duration of advance() must be a number of milliseconds or text such as '30s', '5m' or '1h', got '5 minutes'. The units are ms, s, m, h and d. See express-cache-health/docs/errors.md#err_cache_option",
      );
      expect(await messageOf(cache.advance(-1))).to.contain('ERR_CACHE_OPTION');
      expect(await messageOf(cache.advance(0))).to.equal('no error');
    });
  });

  for (const fault of FAULTS) {
    it(`notices that Redis breaks by '${fault}', serves from memory, and comes back`, async () => {
      const modes = modesOf(cache);
      await cache.set('kept', 1);
      await cache.set('deleted', 1);
      await cache.breakRedis(fault);
      expect(cache.status().mode).to.equal('degraded');
      expect(await cache.get('kept')).to.equal(1);
      expect(await cache.delete('deleted')).to.equal('deferred');
      await cache.advance('20s');
      expect(cache.status().mode).to.equal('degraded');
      await cache.restoreRedis();
      expect(modes.at(-1)).to.equal('normal');
      expect(await cache.get('deleted')).to.equal(undefined);
      cache.resetCounts();
      expect(await cache.get('kept')).to.equal(1);
      expect(cache.counts()).to.deep.equal({ ...NONE, hits: 1, fromRedis: 1 });
    });
  }

  for (const fault of [...FAULTS, ...WRITE_FAULTS]) {
    it(`expires values to the millisecond after '${fault}'`, async () => {
      await cache.getOrSet('a', () => 'before');
      await cache.breakRedis(fault);
      await cache.delete('a');
      await cache.restoreRedis();
      await cache.getOrSet('a', () => 'after');
      await cache.getOrSet('b', () => 'after', { ttl: 49_999 });
      await cache.advance(49_999);
      expect([await cache.get('a'), await cache.get('b')]).to.deep.equal(['after', undefined]);
      await cache.advance(1);
      expect(await cache.get('a')).to.equal(undefined);
    });
  }

  for (const fault of WRITE_FAULTS) {
    it(`notices with the next write that Redis breaks by '${fault}'`, async () => {
      await cache.set('a', 1);
      await cache.breakRedis(fault);
      expect(cache.status().mode).to.equal('normal');
      expect(await cache.set('a', 2)).to.equal('deferred');
      expect(cache.status().mode).to.equal('degraded');
      expect(await cache.get('a')).to.equal(2);
      await cache.restoreRedis();
      expect(cache.status().mode).to.equal('normal');
      expect(await cache.get('a')).to.be.oneOf([2, undefined]);
    });
  }

  it('lets a call find out that Redis hangs, without real time', async () => {
    await cache.set('a', 1);
    const before = Date.now();
    await cache.breakRedis('hang', { untilNoticed: false });
    expect(cache.status().mode).to.equal('normal');
    expect(await cache.get('a')).to.equal(1);
    expect(cache.counts('a')).to.include({ fromMemory: 1 });
    const answers = await Promise.all(['b', 'c', 'd'].map((key) => cache.getOrSet(key, () => key)));
    expect(answers).to.deep.equal(['b', 'c', 'd']);
    await cache.advance('1s');
    expect(cache.status()).to.include({ mode: 'degraded', reason: 'timeout' });
    // Never a wait in real time: only the work itself.
    expect(Date.now() - before).to.be.below(5_000);
    await cache.restoreRedis();
    expect(cache.status().mode).to.equal('normal');
  });

  it('lets two caches wait for a hung Redis at once', async () => {
    const other = createTestCache();
    const both = [cache, other];
    for (const each of both) await each.breakRedis('hang', { untilNoticed: false });
    await Promise.all(both.flatMap((each) => ['a', 'b'].map((key) => each.get(key))));
    await Promise.all(both.map((each) => each.advance('5s')));
    expect(both.map((each) => each.status().mode)).to.deep.equal(['degraded', 'degraded']);
    await other.close();
  });

  it('breaks before the cache has connected, too', async () => {
    await cache.breakRedis('hang');
    expect(cache.status().mode).to.equal('degraded');
    expect(await cache.getOrSet('a', () => 1)).to.equal(1);
  });

  it('comes back with an empty Redis', async () => {
    await cache.set('a', 1);
    await cache.breakRedis('kill');
    await cache.restoreRedis({ isEmpty: true });
    expect(await cache.get('a')).to.equal(undefined);
    await cache.set('b', 1);
    await cache.restoreRedis({ isEmpty: true });
    expect([cache.status().mode, await cache.get('b')]).to.deep.equal(['normal', undefined]);
  });

  it('breaks and comes back any number of times, in every order', async () => {
    const all = [...FAULTS, ...WRITE_FAULTS];
    for (const first of all) {
      for (const second of all) {
        await cache.breakRedis(first);
        await cache.breakRedis(second);
        expect(await cache.set('a', second)).to.equal('deferred');
        await cache.restoreRedis();
        expect(await cache.set('a', second), `${first}, ${second}`).to.equal('applied');
        expect(await cache.get('a')).to.equal(second);
      }
    }
  });

  it('counts lookups and loads by key, and together', async () => {
    await Promise.all([cache.getOrSet('a', async () => 1), cache.getOrSet('a', async () => 1)]);
    await cache.getOrSetMany(['a', 'b', 'c'], async (keys) => new Map(keys.map((key) => [key, 1])));
    await cache.get('z');
    expect(cache.counts('a')).to.include({ misses: 2, hits: 1, loads: 1 });
    expect(cache.counts('b')).to.include({ misses: 1, loads: 1 });
    expect(cache.counts('never')).to.deep.equal(NONE);
    expect(cache.counts()).to.deep.equal({ ...NONE, hits: 1, misses: 5, fromRedis: 1, loads: 3 });
    cache.resetCounts();
    expect(cache.counts()).to.deep.equal(NONE);
  });

  it('counts the keys of a namespace apart, by their own names, and together', async () => {
    const app = express().use(cacheMiddleware(cache));
    app.get('/:tenant/customers', async (req, res) => {
      const tenant = req.cache.namespace(`tenant:${req.params.tenant}`);
      res.json(await tenant.getOrSet('customers', () => ['Ann']));
    });
    for (const path of ['/acme/customers', '/acme/customers', '/globex/customers'])
      await request(app).get(path).expect(200);
    const acme = cache.namespace('tenant:acme');
    const inner = acme.namespace('team');
    await inner.get('customers');
    await cache.get('customers');
    expect(acme.counts('customers')).to.include({ misses: 1, hits: 1, loads: 1 });
    expect(acme.counts()).to.include({ misses: 2, hits: 1, loads: 1 });
    expect(inner.counts()).to.deep.equal({ ...NONE, misses: 1 });
    expect(cache.counts('customers')).to.deep.equal({ ...NONE, misses: 1 });
    expect(cache.counts()).to.include({ misses: 4, hits: 1, loads: 2 });
    expect(cache.namespace('tenant:ac').counts()).to.deep.equal(NONE);
    acme.resetCounts();
    expect(acme.counts()).to.deep.equal(NONE);
    expect(cache.counts()).to.include({ misses: 2, hits: 0, loads: 1 });
    cache.resetCounts();
    expect(cache.counts()).to.deep.equal(NONE);
  });

  it('has one time and one Redis for a cache and its namespaces', async () => {
    const acme = cache.namespace('acme', { ttl: '1m' });
    await acme.set('k', 1);
    await acme.breakRedis('kill');
    expect(cache.status().mode).to.equal('degraded');
    expect(await acme.get('k')).to.equal(1);
    expect(acme.counts('k')).to.include({ fromMemory: 1 });
    await cache.restoreRedis();
    expect(acme.status().mode).to.equal('normal');
    await acme.advance('1m');
    expect(await acme.get('k')).to.equal(undefined);
  });

  it('serves the middleware and the health router', async () => {
    const app = express();
    app.use('/health', healthRouter({ database: async () => true, cache }));
    app.use(cacheMiddleware(cache));
    app.get(
      '/',
      async (req, res) => void res.json(await req.cache.getOrSet('home', () => 'hello')),
    );
    const status = async (): Promise<string> => (await request(app).get('/health')).body.status;
    expect([await status(), (await request(app).get('/')).body]).to.deep.equal(['ok', 'hello']);
    await cache.breakRedis('hang', { untilNoticed: false });
    expect((await request(app).get('/')).body).to.equal('hello');
    expect(cache.counts('home')).to.include({ loads: 1, hits: 1, fromMemory: 1 });
    await cache.advance('1s');
    expect(await status()).to.equal('degraded');
    await cache.restoreRedis();
    expect(await status()).to.equal('ok');
  });

  it('refuses unknown faults and options by name', async () => {
    expect(await messageOf(cache.breakRedis('explode' as never))).to.equal(
      "ERR_CACHE_OPTION: breakRedis() knows the faults 'kill', 'hang', 'disconnect', 'loading', 'read-only', 'full', got 'explode'. See express-cache-health/docs/errors.md#err_cache_option",
    );
    expect(await messageOf(cache.breakRedis('toString' as never))).to.contain('ERR_CACHE_OPTION');
    expect(await messageOf(cache.breakRedis('kill', { untilNotised: true } as never))).to.contain(
      "Did you mean 'untilNoticed'?",
    );
    expect(await messageOf(cache.restoreRedis({ isEmpty: 1 } as never))).to.equal(
      'ERR_CACHE_OPTION: restoreRedis() isEmpty must be true or false, got 1. See express-cache-health/docs/errors.md#err_cache_option',
    );
    await cache.advance(0);
    expect(cache.status().mode).to.equal('normal');
  });

  it('moves nothing when it is closed or switched off', async () => {
    const off = createTestCache({ enabled: false });
    await off.breakRedis('kill');
    await off.restoreRedis();
    expect(await off.getOrSet('a', () => 1)).to.equal(1);
    await off.close();
    await cache.close();
    await cache.breakRedis('hang');
    await cache.advance('1h');
    await cache.restoreRedis();
    expect(cache.status().reason).to.equal('closed');
  });
});
