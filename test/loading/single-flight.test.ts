import { expect } from 'chai';
import { encodeValue } from '../../lib/entry/codec.js';
import { settle } from '../support/manual-clock.js';
import { codeOf, gate, never, outcomeOf, rejectionOf } from '../support/promises.js';
import { unhandled } from '../support/wait.js';
import { InHand } from './in-hand.js';

const HOUR = 3_600_000;

const elsewhere = (value: unknown) => ({
  payload: encodeValue(value),
  ttlMs: 60_000,
  graceMs: 0,
  loadMs: 0,
});

describe('loading: single flight', () => {
  let loose: ReturnType<typeof unhandled>;

  beforeEach(() => {
    loose = unhandled();
  });

  afterEach(() => {
    expect(loose.stop()).to.deep.equal([]);
  });

  describe('one key', () => {
    it('whose tag is invalidated while its value is being stored is loaded again for later callers', async () => {
      const cache = new InHand();
      const stored = gate();
      cache.store.beforeFill = () => stored.promise;
      const early = cache.getOrSet('k', ({ setTags }) => {
        setTags(['red']);
        return 'old';
      });
      while (cache.store.callsOf('fill').length === 0) await Promise.resolve();
      await cache.store.invalidateTags(['red']);
      const late = cache.getOrSet('k', () => 'new');
      stored.open();
      expect([await early, await late]).to.deep.equal(['old', 'new']);
    });

    for (const ttl of ['its own', 'none']) {
      it(`whose tag another process invalidated unheard is loaded again for later callers, lifetime ${ttl}`, async () => {
        const cache = new InHand({ tags: ['red'] });
        const end = gate();
        const early = cache.getOrSet('k', async ({ setTtl }) => {
          await end.promise;
          if (ttl === 'none') setTtl(0);
          return 'old';
        });
        await settle();
        cache.store.tags.invalidate(['red']);
        const late = cache.getOrSet('k', () => 'new');
        await settle();
        end.open();
        expect([await early, await late]).to.deep.equal(['old', 'new']);
        expect(cache.stored('k')).to.equal('new');
        expect(cache.store.callsOf('fill')).to.deep.equal([['k']]);
      });
    }

    it('is loaded once for all who ask, each of whom gets a copy', async () => {
      const cache = new InHand();
      let loads = 0;
      const load = (): { n: number } => ({ n: ++loads });
      const calls = Array.from({ length: 100 }, () => cache.getOrSet('k', load));
      const answers = await Promise.all(calls);
      expect(loads).to.equal(1);
      expect(new Set(answers).size).to.equal(100);
      expect(answers.every(({ n }) => n === 1)).to.equal(true);
      expect(cache.store.callsOf('claim')).to.deep.equal([['k']]);
      expect(cache.store.callsOf('fill')).to.deep.equal([['k']]);
    });

    it('says where a value came from', async () => {
      const cache = new InHand();
      expect(await cache.ask('k', () => 1)).to.deep.equal({
        value: 1,
        outcome: 'miss',
        tier: undefined,
      });
      cache.store.beforeClaim = async () => cache.store.storeElsewhere('k2', elsewhere('theirs'));
      expect(await cache.ask('k2', () => 'mine')).to.deep.equal({
        value: 'theirs',
        outcome: 'hit',
        tier: 'redis',
      });
    });

    it('rejects every caller with the loader’s error, reported once, and loads again afterwards', async () => {
      const cache = new InHand();
      const failure = new Error('no such table');
      const calls = [1, 2, 3].map(() => cache.getOrSet('k', () => Promise.reject(failure)));
      for (const call of calls) expect(await rejectionOf(call)).to.equal(failure);
      expect(cache.failures).to.deep.equal([{ key: 'k', error: failure, isStaleServed: false }]);
      expect(cache.store.leased).to.deep.equal([]);
      expect(await cache.getOrSet('k', () => 'fine')).to.equal('fine');
    });

    it('rejects what a loader throws, and a value that cannot be encoded', async () => {
      const cache = new InHand();
      const thrown = new Error('thrown');
      const throwing = (): never => {
        throw thrown;
      };
      expect(await rejectionOf(cache.getOrSet('k', throwing))).to.equal(thrown);
      expect(await codeOf(cache.getOrSet('k', () => () => {}))).to.equal('ERR_CACHE_VALUE');
      expect(cache.store.leased).to.deep.equal([]);
    });

    it('is loaded for memory alone while Redis cannot be asked', async () => {
      const cache = new InHand();
      cache.store.isAway = true;
      expect(await cache.getOrSet('k', () => 1)).to.equal(1);
      expect(cache.stored('k')).to.equal(1);
      expect(cache.store.callsOf('release')).to.deep.equal([]);
    });

    it('is served from memory when an earlier flight has stored it since', async () => {
      const cache = new InHand();
      cache.store.isAway = true;
      cache.store.beforeClaim = async () => cache.store.storeElsewhere('k', elsewhere('earlier'));
      expect(await cache.ask('k', () => 'mine')).to.include({ value: 'earlier', tier: 'memory' });
    });

    it('is loaded over what cannot be read', async () => {
      const cache = new InHand();
      cache.store.beforeClaim = async () => {
        cache.store.storeElsewhere('k', elsewhere('theirs'));
        cache.store.corrupt('k');
        cache.store.beforeClaim = undefined;
      };
      expect(await cache.getOrSet('k', () => 'mine')).to.equal('mine');
      expect(cache.store.unreadableKeys).to.deep.equal(['k']);
      expect(cache.stored('k')).to.equal('mine');
    });

    it('that cannot be read is not stored when another process is the one to load it', async () => {
      const cache = new InHand();
      cache.store.beforeClaim = async () => {
        cache.store.storeElsewhere('k', elsewhere('theirs'));
        cache.store.corrupt('k');
        cache.store.beforeClaim = async () => cache.store.holdElsewhere('k');
      };
      expect(await cache.getOrSet('k', () => 'mine')).to.equal('mine');
      expect(cache.store.callsOf('fill')).to.deep.equal([]);
    });

    it('uses the caller’s store for its claim and its fill', async () => {
      const cache = new InHand();
      const { store } = cache;
      const seen: string[] = [];
      const request = Object.assign(Object.create(store) as typeof store, {
        get: store.get.bind(store),
        claim: (...args: Parameters<typeof store.claim>) => {
          seen.push('claim');
          return store.claim(...args);
        },
        fill: (...args: Parameters<typeof store.fill>) => {
          seen.push('fill');
          return store.fill(...args);
        },
      });
      await cache.getOrSet('k', () => 1, { store: request });
      expect(seen).to.deep.equal(['claim', 'fill']);
    });
  });

  describe('a change of the key', () => {
    const changes: Readonly<Record<string, (cache: InHand) => Promise<unknown>>> = {
      'a delete': ({ store }) => store.remove('k'),
      'a delete of many': ({ store }) => store.removeMany(['a', 'k']),
      'a set': ({ store }) => store.put('k', elsewhere('set')),
      'a clear': ({ store }) => store.clear('*'),
      'a clear of its pattern': ({ store }) => store.clear('k*'),
    };
    for (const [name, change] of Object.entries(changes)) {
      it(`${name} is not undone by a load that began before it; later callers load again`, async () => {
        const cache = new InHand();
        const load = gate<string>();
        const before = cache.getOrSet('k', () => load.promise);
        await cache.clock.advance(1);
        await change(cache);
        const after = name === 'a set' ? undefined : cache.getOrSet('k', () => 'new');
        expect(await (after ?? 'new')).to.equal('new');
        load.open('old');
        expect(await before).to.equal('old');
        expect(cache.stored('k')).to.equal(name === 'a set' ? 'set' : 'new');
        expect(cache.store.leased).to.deep.equal([]);
      });
    }

    it('while the claim is on its way counts too', async () => {
      const cache = new InHand();
      const claiming = gate();
      cache.store.beforeClaim = () => claiming.promise;
      const answer = cache.getOrSet('k', () => 'old');
      await cache.clock.advance(1);
      cache.store.isAway = true;
      await cache.store.remove('k');
      claiming.open();
      expect(await answer).to.equal('old');
      expect(cache.stored('k')).to.equal(undefined);
    });

    it('of another key changes nothing', async () => {
      const cache = new InHand();
      const load = gate<string>();
      const answer = cache.getOrSet('k', () => load.promise);
      await cache.clock.advance(1);
      await cache.store.remove('other');
      await cache.store.clear('other*');
      load.open('value');
      await answer;
      expect(cache.stored('k')).to.equal('value');
    });

    it('by another process, which a void lease tells, ends the flight for later callers', async () => {
      const cache = new InHand();
      const load = gate<string>();
      const before = cache.getOrSet('k', () => load.promise);
      await cache.clock.advance(1);
      cache.store.removeElsewhere('k');
      expect(await cache.getOrSet('k', () => 'new')).to.equal('new');
      load.open('old');
      expect(await before).to.equal('old');
      expect(cache.stored('k')).to.equal('new');
    });
  });

  describe('a lease of another process', () => {
    it('is waited for: what it brings is the answer', async () => {
      const cache = new InHand();
      cache.store.holdElsewhere('k');
      const answer = cache.getOrSet('k', () => 'mine');
      await cache.clock.advance(100);
      expect(await outcomeOf(answer)).to.equal('pending');
      cache.store.storeElsewhere('k', elsewhere('theirs'));
      await cache.clock.advance(50);
      expect(await answer).to.equal('theirs');
    });

    it('is waited for as long as a lease lasts, whatever end it states; then nothing is stored', async () => {
      const cache = new InHand({ leaseWaitMs: HOUR });
      cache.store.holdElsewhere('k');
      const answer = cache.getOrSet('k', () => 'mine');
      await cache.clock.advance(600);
      expect(await outcomeOf(answer)).to.equal('pending');
      await cache.clock.advance(50);
      expect(await outcomeOf(answer)).to.equal('mine');
      expect(cache.stored('k')).to.equal(undefined);
    });

    it('is waited for no longer than leaseWait', async () => {
      const cache = new InHand({ leaseWaitMs: 100 });
      cache.store.holdElsewhere('k');
      const answer = cache.getOrSet('k', () => 'mine');
      await cache.clock.advance(99);
      expect(await outcomeOf(answer)).to.equal('pending');
      await cache.clock.advance(1);
      expect(await outcomeOf(answer)).to.equal('mine');
      const impatient = new InHand({ leaseWaitMs: 0 });
      impatient.store.holdElsewhere('k');
      expect(await impatient.getOrSet('k', () => 'mine')).to.equal('mine');
    });

    it('that ends is succeeded by a load that is stored', async () => {
      const cache = new InHand();
      cache.store.holdElsewhere('k', cache.clock.now() + 300);
      const answer = cache.getOrSet('k', () => 'mine');
      await cache.clock.advance(350);
      expect(await answer).to.equal('mine');
      expect(cache.stored('k')).to.equal('mine');
    });

    it('is not waited for if there is a stale value', async () => {
      const cache = new InHand({ graceMs: HOUR });
      await cache.getOrSet('k', () => 'old', { ttlMs: 100 });
      await cache.clock.advance(101);
      cache.store.holdElsewhere('k');
      expect(await cache.ask('k', () => 'mine')).to.include({ value: 'old', outcome: 'stale' });
    });

    it('is not waited for when the key was changed here since, and no stale value serves then', async () => {
      const cache = new InHand({ graceMs: HOUR });
      await cache.getOrSet('k', () => 'old', { ttlMs: 100 });
      await cache.clock.advance(101);
      const claiming = gate();
      cache.store.beforeClaim = () => claiming.promise;
      const answer = cache.getOrSet('k', () => 'loaded');
      await cache.clock.advance(1);
      await cache.store.remove('k');
      cache.store.holdElsewhere('k');
      claiming.open();
      await cache.clock.advance(20);
      expect(await outcomeOf(answer)).to.equal('loaded');
    });

    it('is not read any more when no caller waits', async () => {
      const cache = new InHand();
      cache.store.holdElsewhere('k');
      const leaving = new AbortController();
      const answer = rejectionOf(cache.getOrSet('k', never, { signal: leaving.signal }));
      await cache.clock.advance(100);
      leaving.abort();
      await answer;
      await cache.clock.advance(1);
      expect(cache.clock.pending).to.equal(0);
      const asked = cache.store.callsOf('claim').length;
      await cache.clock.advance(1_000);
      expect(cache.store.callsOf('claim').length).to.equal(asked);
    });
  });

  describe('a stale value', () => {
    const stale = async (options = {}): Promise<InHand> => {
      const cache = new InHand({ graceMs: HOUR, ...options });
      await cache.getOrSet('k', () => 'old', { ttlMs: 100 });
      await cache.clock.advance(101);
      return cache;
    };

    it('serves when the loader fails, and until it is time for the next try', async () => {
      const cache = await stale();
      let tries = 0;
      const failing = (): never => {
        tries++;
        throw new Error('away');
      };
      expect(await cache.getOrSet('k', failing)).to.equal('old');
      expect(await cache.getOrSet('k', failing)).to.equal('old');
      expect(tries).to.equal(1);
      await cache.clock.advance(1_000);
      expect(await cache.getOrSet('k', failing)).to.equal('old');
      expect(tries).to.equal(2);
      expect(cache.failures.map(({ isStaleServed }) => isStaleServed)).to.deep.equal([true, true]);
    });

    for (const [name, change] of Object.entries({
      'a delete': (cache: InHand) => cache.store.remove('k'),
      'a clear': (cache: InHand) => cache.store.clear('k*'),
    })) {
      it(`is loaded at once after ${name}, though the last try failed`, async () => {
        const cache = await stale();
        await cache.getOrSet('k', () => Promise.reject(new Error('away')));
        await change(cache);
        cache.store.storeElsewhere('k', { ...elsewhere('stale'), ttlMs: 100, graceMs: HOUR });
        await cache.clock.advance(101);
        expect(await cache.getOrSet('k', () => 'new')).to.equal('new');
      });
    }

    it('serves after softTimeout, at once when that is 0; the load goes on', async () => {
      const cache = await stale();
      const load = gate<string>();
      const answer = cache.getOrSet('k', () => load.promise, { softTimeoutMs: 50 });
      await cache.clock.advance(49);
      expect(await outcomeOf(answer)).to.equal('pending');
      await cache.clock.advance(1);
      expect(await outcomeOf(answer)).to.equal('old');
      expect(await cache.getOrSet('k', never, { softTimeoutMs: 0 })).to.equal('old');
      load.open('new');
      await cache.clock.advance(1);
      expect(cache.stored('k')).to.equal('new');
    });

    it('leaves no timer when the load is in time', async () => {
      const cache = await stale();
      expect(await cache.getOrSet('k', () => 'new', { softTimeoutMs: 50 })).to.equal('new');
      await cache.clock.advance(0);
      expect(cache.clock.pending).to.equal(0);
    });

    it('does not serve when it was deleted while the load failed, here or elsewhere', async () => {
      for (const remove of ['remove', 'removeElsewhere'] as const) {
        const cache = await stale();
        const load = gate<string>();
        const answer = rejectionOf(cache.getOrSet('k', () => load.promise));
        await cache.clock.advance(1);
        await cache.store[remove]('k');
        load.fail(new Error('away'));
        expect(await answer).to.have.property('message', 'away');
      }
    });

    it('is loaded again from memory’s too, which does not count as stored since', async () => {
      const cache = await stale();
      cache.store.isAway = true;
      expect(await cache.ask('k', () => 'new')).to.include({ value: 'new', outcome: 'miss' });
    });

    it('is tried again after 1 s once more when a load between has succeeded', async () => {
      const cache = await stale();
      const failing = (): Promise<never> => Promise.reject(new Error('away'));
      for (let i = 0; i < 3; i++) {
        expect(await cache.getOrSet('k', failing)).to.equal('old');
        await cache.clock.advance(10_000);
      }
      expect(await cache.getOrSet('k', () => 'new', { ttlMs: 100 })).to.equal('new');
      await cache.clock.advance(101);
      expect(await cache.getOrSet('k', failing)).to.equal('new');
      await cache.clock.advance(1_000);
      expect(await cache.getOrSet('k', () => 'newest')).to.equal('newest');
    });

    it('does not serve beyond its grace', async () => {
      const cache = await stale({ graceMs: 1_000 });
      const load = gate<string>();
      const answer = rejectionOf(cache.getOrSet('k', () => load.promise));
      await cache.clock.advance(1_000);
      load.fail(new Error('away'));
      expect(await answer).to.have.property('message', 'away');
    });

    it('that cannot be read is a miss', async () => {
      const cache = await stale();
      cache.store.corrupt('k');
      expect(await cache.getOrSet('k', () => 'new')).to.equal('new');
      expect(cache.store.unreadableKeys).to.deep.equal(['k']);
    });
  });

  describe('a refresh ahead', () => {
    /** A value whose load took so long that every reader refreshes it. */
    const fresh = async (): Promise<InHand> => {
      const cache = new InHand({ refreshAhead: 1e9 });
      const slow = async (): Promise<string> => {
        await cache.clock.advance(900);
        return 'old';
      };
      await cache.getOrSet('k', slow, { ttlMs: 1_000 });
      return cache;
    };

    it('loads in the background, once, and only here', async () => {
      const cache = await fresh();
      let loads = 0;
      const load = gate<string>();
      const loader = (): Promise<string> => {
        loads++;
        return load.promise;
      };
      for (let i = 0; i < 5; i++) expect(await cache.getOrSet('k', loader)).to.equal('old');
      load.open('new');
      await cache.clock.advance(1);
      expect(loads).to.equal(1);
      expect(cache.stored('k')).to.equal('new');
    });

    it('leaves the key to another process that refreshes it', async () => {
      const cache = await fresh();
      cache.store.holdElsewhere('k');
      expect(await cache.getOrSet('k', never)).to.equal('old');
      await cache.clock.advance(1);
      expect(await cache.getOrSet('k', never)).to.equal('old');
    });

    it('is joined by who finds the value expired', async () => {
      const cache = await fresh();
      const load = gate<string>();
      await cache.getOrSet('k', () => load.promise);
      await cache.clock.advance(1_000);
      const joined = cache.getOrSet('k', () => 'loaded twice');
      await cache.clock.advance(1);
      load.open('refreshed');
      expect(await joined).to.equal('refreshed');
    });

    it('that turns out to be another process’ is followed by a load of our own', async () => {
      const cache = await fresh();
      const claiming = gate();
      cache.store.beforeClaim = () => claiming.promise;
      cache.store.holdElsewhere('k', cache.clock.now() + 1_500);
      const loader = (): string => 'mine';
      await cache.getOrSet('k', loader);
      await cache.clock.advance(1_001);
      const joined = cache.getOrSet('k', loader);
      await cache.clock.advance(1);
      cache.store.beforeClaim = undefined;
      claiming.open();
      await cache.clock.advance(650);
      expect(await outcomeOf(joined)).to.equal('mine');
    });

    it('that failed is not tried again by the next reader', async () => {
      const cache = await fresh();
      let tries = 0;
      const failing = (): never => {
        tries++;
        throw new Error('away');
      };
      for (let i = 0; i < 5; i++) {
        expect(await cache.getOrSet('k', failing)).to.equal('old');
        await cache.clock.advance(1);
      }
      expect(tries).to.equal(1);
    });

    it('is void after a change of the key', async () => {
      const cache = await fresh();
      const load = gate<string>();
      await cache.getOrSet('k', () => load.promise);
      await cache.clock.advance(1);
      await cache.store.remove('k');
      load.open('old');
      await cache.clock.advance(1);
      expect(cache.stored('k')).to.equal(undefined);
    });
  });

  describe('a caller’s signal', () => {
    it('ends that caller’s wait and not the load', async () => {
      const cache = new InHand();
      const load = gate<string>();
      const leaving = new AbortController();
      const impatient = cache.getOrSet('k', () => load.promise, { signal: leaving.signal });
      const patient = cache.getOrSet('k', never);
      await cache.clock.advance(1);
      leaving.abort(new Error('the client went away'));
      expect(await rejectionOf(impatient)).to.have.property('message', 'the client went away');
      load.open('value');
      expect(await patient).to.equal('value');
    });

    it('aborts the load when no caller waits any more; the next caller begins a new one', async () => {
      const cache = new InHand();
      const leaving = new AbortController();
      let loading: AbortSignal | undefined;
      const loader = ({ signal }: { signal: AbortSignal }): Promise<never> => {
        loading = signal;
        return never();
      };
      const answer = cache.getOrSet('k', loader, { signal: leaving.signal });
      await cache.clock.advance(1);
      leaving.abort();
      expect(await rejectionOf(answer)).to.have.property('name', 'AbortError');
      expect(loading?.aborted).to.equal(true);
      expect(await cache.getOrSet('k', () => 'anew')).to.equal('anew');
      expect(cache.failures).to.deep.equal([]);
    });

    it('that aborted before is refused at once', async () => {
      const cache = new InHand();
      const answer = cache.getOrSet('k', () => 1, { signal: AbortSignal.abort() });
      expect(await rejectionOf(answer)).to.have.property('name', 'AbortError');
    });

    it('has one listener for any number of loads, and none afterwards', async () => {
      const cache = new InHand();
      const warnings: Error[] = [];
      const warn = (warning: Error): void => void warnings.push(warning);
      process.on('warning', warn);
      const { signal } = new AbortController();
      let [added, removed] = [0, 0];
      const [add, remove] = [signal.addEventListener, signal.removeEventListener];
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        added++;
        add.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        removed++;
        remove.apply(signal, args);
      };
      const load = gate<number>();
      const answers = Array.from({ length: 30 }, (_, i) =>
        cache.getOrSet(`k${i}`, () => load.promise, { signal }),
      );
      await cache.clock.advance(1);
      load.open(1);
      await Promise.all(answers);
      await cache.clock.advance(1);
      process.off('warning', warn);
      expect(warnings).to.deep.equal([]);
      expect([added, removed]).to.deep.equal([1, 1]);
    });
  });
});
