import { expect } from 'chai';
import { codeOf, gate, never, outcomeOf, rejectionOf } from '../support/promises.js';
import { InHand } from './in-hand.js';

const HOUR = 3_600_000;

/** How many AbortControllers are made while `act` runs. */
async function controllersMade(act: () => Promise<unknown>): Promise<number> {
  const { AbortController: Real } = globalThis;
  let made = 0;
  globalThis.AbortController = class extends Real {
    constructor() {
      super();
      made++;
    }
  };
  try {
    await act();
  } finally {
    globalThis.AbortController = Real;
  }
  return made;
}

describe('loading: the loader', () => {
  it('gets the key, a signal and the stale value, also when it destructures them', async () => {
    const cache = new InHand({ graceMs: HOUR });
    await cache.getOrSet('k', () => ({ etag: 'a' }), { ttlMs: 100 });
    await cache.clock.advance(101);
    const seen = await cache.getOrSet<unknown>('k', ({ key, signal, stale, setTtl, skip }) => {
      setTtl('1s');
      skip();
      return [key, signal.aborted, stale];
    });
    expect(seen).to.deep.equal(['k', false, { etag: 'a' }]);
  });

  it('has no `stale` when there is none, and one copy when there is', async () => {
    const cache = new InHand({ graceMs: HOUR });
    await cache.getOrSet('k', (context) => ({ has: 'stale' in context }), { ttlMs: 100 });
    expect(cache.stored('k')).to.deep.equal({ has: false });
    await cache.clock.advance(101);
    const seen = await cache.getOrSet<unknown>('k', (context) => {
      const { stale } = context;
      return [context.stale === stale, Object.keys(context).includes('stale')];
    });
    expect(seen).to.deep.equal([true, true]);
  });

  it('has a signal made for it only when it reads it', async () => {
    const cache = new InHand();
    const unread = await controllersMade(async () => {
      await cache.getOrSet('a', () => 1);
      await cache.getOrSetMany(['b', 'c'], (keys) => new Map(keys.map((key) => [key, 1])));
    });
    expect(unread).to.equal(0);
    const read = await controllersMade(() =>
      cache.getOrSet('d', (context) => {
        const { signal } = context;
        return context.signal === signal;
      }),
    );
    expect(read).to.equal(1);
    expect(cache.stored('d')).to.equal(true);
  });

  it('reads an aborted signal when it looks after the load has ended', async () => {
    const cache = new InHand({ loaderTimeoutMs: 100 });
    let late: (() => AbortSignal) | undefined;
    const answer = codeOf(
      cache.getOrSet('k', (context) => {
        late = () => context.signal;
        return never();
      }),
    );
    await cache.clock.advance(100);
    expect(await answer).to.equal('ERR_CACHE_LOADER_TIMEOUT');
    expect(late?.().aborted).to.equal(true);
    expect(late?.().reason).to.have.property('code', 'ERR_CACHE_LOADER_TIMEOUT');
  });

  it('rejects every caller when it takes too long, and its late result is dropped', async () => {
    const cache = new InHand({ loaderTimeoutMs: 1_000 });
    const load = gate<string>();
    let signal: AbortSignal | undefined;
    const loader = (context: { signal: AbortSignal }): Promise<string> => {
      signal = context.signal;
      return load.promise;
    };
    const codes = [1, 2].map(() => codeOf(cache.getOrSet('k', loader)));
    await cache.clock.advance(999);
    expect(signal?.aborted).to.equal(false);
    await cache.clock.advance(1);
    expect(await Promise.all(codes)).to.deep.equal(Array(2).fill('ERR_CACHE_LOADER_TIMEOUT'));
    expect(signal?.aborted).to.equal(true);
    load.open('late');
    await cache.clock.advance(1);
    expect(cache.stored('k')).to.equal(undefined);
    expect(cache.clock.pending).to.equal(0);
  });

  it('may end in an error after its time without harm', async () => {
    const cache = new InHand({ loaderTimeoutMs: 100 });
    const load = gate<string>();
    const code = codeOf(cache.getOrSet('k', () => load.promise));
    await cache.clock.advance(100);
    load.fail(new Error('late'));
    expect(await code).to.equal('ERR_CACHE_LOADER_TIMEOUT');
  });

  it('leaves no timer behind', async () => {
    const cache = new InHand();
    await cache.getOrSet('k', () => 1);
    await rejectionOf(cache.getOrSet('l', () => Promise.reject(new Error('away'))));
    await cache.clock.advance(0);
    expect(cache.clock.pending).to.equal(0);
  });

  describe('that sets a ttl', () => {
    const livesFor = async (ttl: unknown): Promise<number | undefined> => {
      const cache = new InHand();
      const answer = await cache.getOrSet('k', ({ setTtl }) => {
        setTtl(ttl as number);
        return 'body';
      });
      expect(answer).to.equal('body');
      if (cache.stored('k') === undefined) {
        expect(cache.store.leased).to.deep.equal([]);
        return undefined;
      }
      for (const ms of [1, 2, 3, 1_000, 5_000, 60_000]) {
        const probe = new InHand();
        await probe.getOrSet('k', ({ setTtl }) => {
          setTtl(ttl as number);
          return 'body';
        });
        await probe.clock.advance(ms);
        if (probe.stored('k') === undefined) return ms;
      }
      return Number.POSITIVE_INFINITY;
    };

    const lives: readonly (readonly [ttl: unknown, ms: number | undefined])[] = [
      [1_000, 1_000],
      ['1s', 1_000],
      [999.6, 1_000],
      [1.4, 1],
      [0.5, 1],
      ['1.5ms', 2],
      [0.4, undefined],
      [0, undefined],
      [-0, undefined],
      ['0s', undefined],
      [-5, undefined],
      [Number.NaN, undefined],
      [Number.POSITIVE_INFINITY, undefined],
      [Number.NEGATIVE_INFINITY, undefined],
      [1e15, Number.POSITIVE_INFINITY],
      ['4000d', Number.POSITIVE_INFINITY],
    ];
    for (const [ttl, ms] of lives) {
      const is = ms === undefined ? 'is given and not stored' : `lives for ${ms} ms`;
      it(`of ${typeof ttl === 'string' ? `'${ttl}'` : ttl}: its value ${is}`, async () => {
        expect(await livesFor(ttl)).to.equal(ms);
      });
    }

    for (const ttl of ['5 minutes', '', '-5s', undefined, null, {}, true, 5n]) {
      it(`of ${typeof ttl === 'bigint' ? '5n' : JSON.stringify(ttl)} gets an error that this is no duration`, async () => {
        const cache = new InHand();
        const answer = cache.getOrSet('k', ({ setTtl }) => setTtl(ttl as unknown as number));
        expect(await codeOf(answer)).to.equal('ERR_CACHE_OPTION');
      });
    }

    it('twice: the last word counts', async () => {
      const cache = new InHand();
      await cache.getOrSet('k', ({ setTtl }) => {
        setTtl(0);
        setTtl('1s');
        return 'kept';
      });
      expect(cache.stored('k')).to.equal('kept');
    });
  });

  it('may have its value given and not stored', async () => {
    const cache = new InHand();
    const answer = await cache.getOrSet('k', ({ skip, setTtl }) => {
      skip();
      setTtl('1h');
      return 'private';
    });
    expect(answer).to.equal('private');
    expect(cache.stored('k')).to.equal(undefined);
    expect(cache.store.leased).to.deep.equal([]);
  });

  it('has its ttl shortened by at most ttlJitter', async () => {
    const cache = new InHand({ ttlJitter: 0.1, ttlMs: 1_000 });
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    for (const key of keys) await cache.getOrSet(key, () => 1);
    await cache.clock.advance(899);
    expect(keys.every((key) => cache.stored(key) === 1)).to.equal(true);
    await cache.clock.advance(101);
    expect(keys.some((key) => cache.stored(key) === 1)).to.equal(false);
  });

  it('gives its value to every caller before and after it was stored', async () => {
    const cache = new InHand();
    const filling = gate();
    cache.store.beforeFill = () => filling.promise;
    const answer = cache.getOrSet('k', () => 'value');
    await cache.clock.advance(1);
    expect(await outcomeOf(answer)).to.equal('pending');
    const joiner = cache.getOrSet('k', never);
    filling.open();
    expect(await Promise.all([answer, joiner])).to.deep.equal(['value', 'value']);
  });
});
