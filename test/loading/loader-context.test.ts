import { expect } from 'chai';
import { CacheOverloadedError, isCacheHealthError } from '../../lib/index.js';
import { gate, outcomeOf, rejectionOf } from '../support/promises.js';
import { cacheInHand } from './support.js';

describe('the loader', () => {
  it('runs once for any number of callers, each of whom gets a value of its own', async () => {
    const { cache } = cacheInHand();
    let loads = 0;
    const loader = (): { n: number } => ({ n: ++loads });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => cache.getOrSet('k', loader)),
    );
    expect(loads).to.equal(1);
    expect(new Set(answers).size).to.equal(200);
    for (const answer of answers) expect(answer).to.deep.equal({ n: 1 });
  });

  it('rejects every caller with its error, which is not cached', async () => {
    const { cache } = cacheInHand();
    const failure = new Error('no such table');
    const answers = [1, 2, 3].map(() => cache.getOrSet('k', () => Promise.reject(failure)));
    for (const answer of answers) expect(await rejectionOf(answer)).to.equal(failure);
    expect(await cache.getOrSet('k', () => 'fine')).to.equal('fine');
  });

  it('may give undefined and null, which are values', async () => {
    const { cache } = cacheInHand();
    expect(await cache.getOrSet('u', () => undefined)).to.equal(undefined);
    expect(await cache.getOrSet('u', () => 'again')).to.equal(undefined);
    expect(await cache.has('u')).to.equal(true);
    await cache.getOrSet('n', () => null);
    expect(await cache.getOrSet<unknown>('n', () => 'again')).to.equal(null);
  });

  it('gets the key, a signal and the stale value', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => ({ etag: 'a' }), { ttl: 100 });
    await clock.advance(101);
    const seen = await cache.getOrSet<{ etag: string }>('k', (context) => {
      expect(context.key).to.equal('k');
      expect(context.signal).to.be.instanceOf(AbortSignal);
      return { etag: `${context.stale?.etag}, still` };
    });
    expect(seen).to.deep.equal({ etag: 'a, still' });
  });

  it('may shorten the life of what it gives', async () => {
    const { cache, clock } = cacheInHand();
    const missing = ({ setTtl }: { setTtl(ttl: '1s'): void }): null => {
      setTtl('1s');
      return null;
    };
    await cache.getOrSet('k', missing, { ttl: '1h' });
    await clock.advance(999);
    expect(await cache.has('k')).to.equal(true);
    await clock.advance(1);
    expect(await cache.has('k')).to.equal(false);
  });

  it('may refuse to have its value stored', async () => {
    const { cache } = cacheInHand();
    const answer = await cache.getOrSet('k', ({ skip }) => {
      skip();
      return 'private';
    });
    expect(answer).to.equal('private');
    expect(await cache.has('k')).to.equal(false);
  });

  it('rejects with a clear error when its value cannot be cached', async () => {
    const { cache } = cacheInHand();
    const error = await rejectionOf(cache.getOrSet('k', () => ({ run: () => {} })));
    expect(isCacheHealthError(error) && error.code).to.equal('ERR_CACHE_VALUE');
  });

  it('loses against a delete that came while it ran: its value is given and not stored', async () => {
    const { cache, clock } = cacheInHand();
    const load = gate<string>();
    const answer = cache.getOrSet('k', () => load.promise);
    await clock.advance(1);
    await cache.delete('k');
    load.open('old');
    expect(await answer).to.equal('old');
    expect(await cache.has('k')).to.equal(false);
  });

  it('loses against a clear and a set in the same way', async () => {
    const { cache, clock } = cacheInHand();
    const loads = [gate<string>(), gate<string>()];
    const answers = [
      cache.getOrSet('a:1', () => loads[0]?.promise),
      cache.getOrSet('b:1', () => loads[1]?.promise),
    ];
    await clock.advance(1);
    await cache.clear('a:*');
    await cache.set('b:1', 'newer');
    for (const load of loads) load.open('old');
    await Promise.all(answers);
    expect(await cache.has('a:1')).to.equal(false);
    expect(await cache.get('b:1')).to.equal('newer');
  });
});

describe('a caller’s signal', () => {
  it('ends that caller’s wait and not the load', async () => {
    const { cache, clock } = cacheInHand();
    const load = gate<string>();
    const controller = new AbortController();
    const impatient = cache.getOrSet('k', () => load.promise, { signal: controller.signal });
    const patient = cache.getOrSet('k', () => load.promise);
    await clock.advance(1);
    controller.abort(new Error('the client went away'));
    expect(await rejectionOf(impatient)).to.have.property('message', 'the client went away');
    load.open('value');
    expect(await patient).to.equal('value');
  });

  it('aborts the load when no caller waits any more', async () => {
    const { cache, clock } = cacheInHand();
    const controller = new AbortController();
    let loading: AbortSignal | undefined;
    const answer = cache.getOrSet(
      'k',
      ({ signal }) => {
        loading = signal;
        return new Promise(() => {});
      },
      { signal: controller.signal },
    );
    await clock.advance(1);
    controller.abort();
    expect(await rejectionOf(answer)).to.have.property('name', 'AbortError');
    expect(loading?.aborted).to.equal(true);
    expect(await cache.getOrSet('k', () => 'anew')).to.equal('anew');
  });

  it('does not abort a load in whose place a caller got a stale value', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    expect(await cache.getOrSet('k', () => load.promise, { softTimeout: 0 })).to.equal('old');
    load.open('new');
    await clock.advance(1);
    expect(await cache.get('k')).to.equal('new');
  });
});

describe('maxConcurrentLoads', () => {
  it('runs that many loaders at once and the others in turn', async () => {
    const { cache, clock } = cacheInHand({ maxConcurrentLoads: 2 });
    const gates = Array.from({ length: 5 }, () => gate<number>());
    let running = 0;
    let most = 0;
    const answers = gates.map((load, i) =>
      cache.getOrSet(`k${i}`, async () => {
        most = Math.max(most, ++running);
        const value = await load.promise;
        running--;
        return value;
      }),
    );
    await clock.advance(1);
    for (const [i, load] of gates.entries()) load.open(i);
    expect(await Promise.all(answers)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(most).to.equal(2);
  });

  it('refuses what finds no place in the queue with a 503 that says when to come again', async () => {
    const { cache, clock } = cacheInHand({ maxConcurrentLoads: 1, maxQueuedLoads: 0 });
    const load = gate<string>();
    const first = cache.getOrSet('a', () => load.promise);
    await clock.advance(1);
    const error = await rejectionOf(cache.getOrSet('b', () => 'b'));
    expect(error).to.be.instanceOf(CacheOverloadedError);
    expect(error).to.include({ code: 'ERR_CACHE_OVERLOADED', statusCode: 503, retryAfter: 1 });
    load.open('a');
    expect(await first).to.equal('a');
  });

  it('serves a stale value instead of refusing', async () => {
    const { cache, clock } = cacheInHand({ maxConcurrentLoads: 1, maxQueuedLoads: 0, grace: '1h' });
    await cache.getOrSet('b', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    const first = cache.getOrSet('a', () => load.promise);
    await clock.advance(1);
    expect(await cache.getOrSet('b', () => 'new')).to.equal('old');
    load.open('a');
    await first;
  });

  it('refuses what has queued for too long', async () => {
    const { cache, clock } = cacheInHand({ maxConcurrentLoads: 1 });
    const load = gate<string>();
    const first = cache.getOrSet('a', () => load.promise);
    await clock.advance(1);
    const queued = rejectionOf(cache.getOrSet('b', () => 'b'));
    await clock.advance(5_000);
    expect(await queued).to.be.instanceOf(CacheOverloadedError);
    load.open('a');
    await first;
    expect(await cache.getOrSet('b', () => 'b')).to.equal('b');
  });
});

describe('refreshAhead and ttlJitter', () => {
  it('refreshes a dear value before it expires, in the background', async () => {
    const { cache, clock } = cacheInHand({ refreshAhead: 100 });
    const slow = async (): Promise<string> => {
      await clock.advance(900);
      return 'old';
    };
    await cache.getOrSet('k', slow, { ttl: 1_000 });
    let refreshes = 0;
    const loader = (): string => {
      refreshes++;
      return 'new';
    };
    const seen: unknown[] = [];
    for (let i = 0; i < 50; i++) {
      seen.push(await cache.getOrSet('k', loader, { ttl: 1_000 }));
      await clock.advance(10);
    }
    expect(refreshes).to.be.greaterThan(0);
    expect(seen[0]).to.equal('old');
    expect(await cache.get('k')).to.equal('new');
  });

  it('never lengthens a ttl', async () => {
    const { cache, clock } = cacheInHand({ ttlJitter: 0.1 });
    for (let i = 0; i < 50; i++) await cache.set(`k${i}`, i, { ttl: 1_000 });
    await clock.advance(899);
    const all = Array.from({ length: 50 }, (_, i) => `k${i}`);
    expect((await cache.getMany(all)).size).to.equal(50);
    await clock.advance(102);
    expect((await cache.getMany(all)).size).to.equal(0);
  });
});

describe('getOrSetMany', () => {
  it('asks once for all that are missing, and gives them in the order asked', async () => {
    const { cache } = cacheInHand();
    await cache.set('b', 'cached');
    const asked: (readonly string[])[] = [];
    const values = await cache.getOrSetMany(['a', 'b', 'c', 'a'], (missing) => {
      asked.push(missing);
      return new Map([...missing].reverse().map((key) => [key, `loaded ${key}`]));
    });
    expect(asked).to.deep.equal([['a', 'c']]);
    expect([...values]).to.deep.equal([
      ['a', 'loaded a'],
      ['b', 'cached'],
      ['c', 'loaded c'],
    ]);
    expect(await cache.get('c')).to.equal('loaded c');
  });

  it('leaves out and does not cache what the loader did not give', async () => {
    const { cache } = cacheInHand();
    const values = await cache.getOrSetMany(['a', 'b'], () => new Map([['a', 1]]));
    expect([...values]).to.deep.equal([['a', 1]]);
    expect(await cache.has('b')).to.equal(false);
  });

  it('shares a running load, and does not wait for it with the others', async () => {
    const { cache, clock } = cacheInHand();
    const load = gate<string>();
    const first = cache.getOrSet('a', () => load.promise);
    await clock.advance(1);
    const asked: (readonly string[])[] = [];
    const many = cache.getOrSetMany<string>(['a', 'b'], (missing) => {
      asked.push(missing);
      return new Map(missing.map((key) => [key, key]));
    });
    await clock.advance(1);
    expect(asked).to.deep.equal([['b']]);
    load.open('shared');
    expect([...(await many)]).to.deep.equal([
      ['a', 'shared'],
      ['b', 'b'],
    ]);
    await first;
  });

  it('takes one place among the concurrent loads', async () => {
    const { cache } = cacheInHand({ maxConcurrentLoads: 1, maxQueuedLoads: 0 });
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const values = await cache.getOrSetMany(keys, (all) => new Map(all.map((key) => [key, 1])));
    expect(values.size).to.equal(20);
  });

  it('rejects with the loader’s error, and says what a loader must give', async () => {
    const { cache } = cacheInHand();
    const failure = new Error('away');
    expect(await rejectionOf(cache.getOrSetMany(['a'], () => Promise.reject(failure)))).to.equal(
      failure,
    );
    const wrong = cache.getOrSetMany(
      ['a', 'b'],
      () => ({ a: 1 }) as unknown as Map<string, number>,
    );
    expect(await rejectionOf(wrong)).to.have.property('code', 'ERR_CACHE_LOADER');
  });

  it('waits for nothing when it is asked for nothing', async () => {
    const { cache } = cacheInHand();
    expect(await outcomeOf(cache.getOrSetMany([], () => new Map()))).to.deep.equal(new Map());
  });
});
