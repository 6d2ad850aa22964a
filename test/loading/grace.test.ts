import { expect } from 'chai';
import { isCacheHealthError, type LoadError } from '../../lib/index.js';
import { gate, outcomeOf, rejectionOf } from '../support/promises.js';
import { unhandled } from '../support/wait.js';
import { cacheInHand } from './support.js';

const MINUTE = 60_000;

describe('grace', () => {
  it('serves a stale value when the loader fails, without an error', async () => {
    const { cache, clock } = cacheInHand();
    await cache.set('k', 'old', { ttl: '1m' });
    const withGrace = { ttl: '1m', grace: '1h' } as const;
    await cache.getOrSet('g', () => 'old', withGrace);
    await clock.advance(MINUTE + 1);
    const failing = (): never => {
      throw new Error('the database is away');
    };
    expect(await cache.getOrSet('g', failing, withGrace)).to.equal('old');
    await expectRejection(cache.getOrSet('k', failing, withGrace), 'the database is away');
  });

  it('asks a failing database a handful of times in a minute', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    let tries = 0;
    const loader = (): string => {
      if (++tries > 1) throw new Error('away');
      return 'old';
    };
    await cache.getOrSet('k', loader, { ttl: 100 });
    for (let elapsed = 0; elapsed < MINUTE; elapsed += 100) {
      await clock.advance(100);
      expect(await cache.getOrSet('k', loader, { ttl: 100 })).to.equal('old');
    }
    expect(tries - 1).to.be.within(2, 8);
  });

  it('ends with the grace', async () => {
    const { cache, clock } = cacheInHand();
    const options = { ttl: '1s', grace: '10s' } as const;
    await cache.getOrSet('k', () => 'old', options);
    await clock.advance(11_001);
    await expectRejection(
      cache.getOrSet('k', () => Promise.reject(new Error('away')), options),
      'away',
    );
  });

  it('never serves what was deleted, also when the delete comes while the load fails', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    const answer = cache.getOrSet('k', () => load.promise, { ttl: 100 });
    await clock.advance(1);
    await cache.delete('k');
    load.fail(new Error('away'));
    await expectRejection(answer, 'away');
  });

  it('is not a value for get and has', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    expect(await cache.get('k')).to.equal(undefined);
    expect(await cache.has('k')).to.equal(false);
  });

  it('reports a failed load as an event, once for any number of callers', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const errors: LoadError[] = [];
    cache.on('loaderror', (error) => errors.push(error));
    const failing = (): Promise<never> => Promise.reject(new Error('away'));
    const callers = Array.from({ length: 5 }, () => cache.getOrSet('k', failing));
    expect(await Promise.all(callers)).to.deep.equal(Array(5).fill('old'));
    expect(errors.map(({ key, isStaleServed }) => [key, isStaleServed])).to.deep.equal([
      ['k', true],
    ]);
  });

  it('tells lookups of a stale value apart', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h', softTimeout: 0 });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const outcomes: string[] = [];
    cache.on('lookup', ({ outcome }) => outcomes.push(outcome));
    await cache.getOrSet('k', () => 'new');
    await clock.advance(1);
    await cache.getOrSet('k', () => 'newer');
    expect(outcomes).to.deep.equal(['stale', 'hit']);
    expect(cache.status().metrics).to.include({ hits: 2, misses: 1 });
  });
});

describe('softTimeout', () => {
  it('answers with the stale value at once when it is 0, and stores what the load brings', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h', softTimeout: 0 });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    expect(await cache.getOrSet('k', () => load.promise, { ttl: 100 })).to.equal('old');
    load.open('new');
    await clock.advance(1);
    expect(await cache.get('k')).to.equal('new');
  });

  it('waits that long and no longer', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const answer = cache.getOrSet('k', () => new Promise(() => {}), { softTimeout: 50 });
    await clock.advance(49);
    expect(await outcomeOf(answer)).to.equal('pending');
    await clock.advance(1);
    expect(await outcomeOf(answer)).to.equal('old');
  });

  it('prefers the loaded value when it comes in time', async () => {
    const { cache, clock } = cacheInHand({ grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    const answer = cache.getOrSet('k', () => load.promise, { softTimeout: 50 });
    await clock.advance(40);
    load.open('new');
    expect(await answer).to.equal('new');
  });

  it('leaves no rejection unhandled when the load fails in the background', async () => {
    const watch = unhandled();
    const { cache, clock } = cacheInHand({ grace: '1h', softTimeout: 0 });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    expect(await cache.getOrSet('k', () => Promise.reject(new Error('away')))).to.equal('old');
    await clock.advance(10);
    expect(watch.stop()).to.deep.equal([]);
  });
});

describe('loaderTimeout', () => {
  it('rejects every caller when there is nothing stale, and aborts the loader', async () => {
    const { cache, clock } = cacheInHand({ loaderTimeout: '1s' });
    let signal: AbortSignal | undefined;
    const hanging = (context: { signal: AbortSignal }): Promise<never> => {
      signal = context.signal;
      return new Promise(() => {});
    };
    const answers = [cache.getOrSet('k', hanging), cache.getOrSet('k', hanging)];
    const rejections = Promise.all(answers.map((answer) => rejectionOf(answer)));
    await clock.advance(1_000);
    for (const error of await rejections) {
      expect(isCacheHealthError(error) && error.code).to.equal('ERR_CACHE_LOADER_TIMEOUT');
    }
    expect(signal?.aborted).to.equal(true);
  });

  it('serves a stale value instead, and drops what comes too late', async () => {
    const { cache, clock } = cacheInHand({ loaderTimeout: '1s', grace: '1h' });
    await cache.getOrSet('k', () => 'old', { ttl: 100 });
    await clock.advance(101);
    const load = gate<string>();
    const answer = cache.getOrSet('k', () => load.promise);
    await clock.advance(1_000);
    expect(await answer).to.equal('old');
    load.open('late');
    await clock.advance(1);
    expect(await cache.get('k')).to.equal(undefined);
  });
});

async function expectRejection(promise: Promise<unknown>, message: string): Promise<void> {
  expect(await rejectionOf(promise))
    .to.be.an('error')
    .with.property('message', message);
}
