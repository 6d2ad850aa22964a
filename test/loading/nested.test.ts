import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { codeOf, gate, never, rejectionOf } from '../support/promises.js';
import { unhandled } from '../support/wait.js';
import { InHand } from './in-hand.js';

/** The code in a copy of its own: loaders that other tests left behind run in another. */
function freshly(): typeof import('./in-hand.js') {
  const ours = Object.keys(require.cache).filter((path) => /lib.loading|in-hand/.test(path));
  const kept = ours.map((path) => [path, require.cache[path]] as const);
  for (const path of ours) delete require.cache[path];
  try {
    return require('./in-hand.js');
  } finally {
    for (const [path, module] of kept) require.cache[path] = module;
  }
}

describe('loading: loads inside loads', () => {
  let loose: ReturnType<typeof unhandled>;

  beforeEach(() => {
    loose = unhandled();
  });

  afterEach(() => {
    expect(loose.stop()).to.deep.equal([]);
  });

  /** A query of the database that takes 10 ms, and how many run at once. */
  function database(cache: InHand) {
    const seen = { running: 0, most: 0, queries: 0 };
    const query = async <T>(row: T): Promise<T> => {
      seen.queries++;
      seen.most = Math.max(seen.most, ++seen.running);
      await new Promise<void>((resolve) => cache.clock.setTimer(resolve, 10));
      seen.running--;
      return row;
    };
    return { seen, query };
  }

  describe('in one place of the bulkhead', () => {
    for (const limit of [1, 2, 100]) {
      it(`100 pages that each load a category end, limit ${limit}`, async () => {
        const cache = new InHand({ limit });
        const { seen, query } = database(cache);
        const pages = Array.from({ length: 100 }, (_, i) =>
          cache.getOrSet(`page:${i}`, async () => {
            const category = await cache.getOrSet(`category:${i}`, () => query(i));
            return [category, await query(i)];
          }),
        );
        await cache.clock.advance(4_000);
        const answers = await Promise.all(pages);
        expect(answers[99]).to.deep.equal([99, 99]);
        expect(seen.most).to.be.at.most(limit);
        expect(cache.singleFlight.load).to.deep.equal({ running: 0, queued: 0, limit });
      });

      it(`100 pages × 2 levels × 3 parallel children end, limit ${limit}`, async () => {
        const cache = new InHand({ limit });
        const { seen, query } = database(cache);
        const branch = (name: string, depth: number): Promise<unknown> =>
          cache.getOrSet(name, async () => {
            if (depth === 0) return query(name);
            const children = [0, 1, 2].map((i) => branch(`${name}.${i}`, depth - 1));
            return Promise.all(children);
          });
        const pages = Array.from({ length: 100 }, (_, i) => branch(`page:${i}`, 2));
        // What waits in the queue for more than 5 s is refused, so the last pages come later.
        const settled = Promise.allSettled(pages);
        await cache.clock.advance(limit === 100 ? 1_000 : 60_000);
        const outcomes = await settled;
        const begun = outcomes.filter(({ status }) => status === 'fulfilled');
        expect(begun.length).to.be.at.least(limit === 100 ? 100 : 20);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).to.have.property('code', 'ERR_CACHE_OVERLOADED');
        }
        expect(seen.queries).to.equal(begun.length * 9);
        expect(seen.most).to.be.at.most(limit);
        expect(cache.singleFlight.load).to.deep.equal({ running: 0, queued: 0, limit });
      }).timeout(20_000);
    }

    it('ends at any depth, limit 1', async () => {
      const cache = new InHand({ limit: 1, maxQueuedLoads: 0 });
      const deep = (depth: number): Promise<number> =>
        cache.getOrSet(`d${depth}`, async () => (depth === 0 ? 0 : 1 + (await deep(depth - 1))));
      expect(await deep(200)).to.equal(200);
      expect(cache.stored('d0')).to.equal(0);
    });

    it('is never refused, however small the queue, and waits for as long as its parent', async () => {
      const cache = new InHand({ limit: 1, maxQueuedLoads: 0, loaderTimeoutMs: 600_000 });
      const slow = (row: number): Promise<number> =>
        new Promise((resolve) => cache.clock.setTimer(() => resolve(row), 4_000));
      const page = cache.getOrSet('page', () =>
        Promise.all([0, 1, 2, 3].map((i) => cache.getOrSet(`part:${i}`, () => slow(i)))),
      );
      const other = codeOf(cache.getOrSet('other', () => 1));
      await cache.clock.advance(16_000);
      expect(await page).to.deep.equal([0, 1, 2, 3]);
      expect(await other).to.equal('ERR_CACHE_OVERLOADED');
    });

    it('parallel children have places of their own where there are some', async () => {
      const cache = new InHand({ limit: 3 });
      const { seen, query } = database(cache);
      const page = cache.getOrSet('page', () =>
        Promise.all([0, 1, 2, 3, 4, 5].map((i) => cache.getOrSet(`part:${i}`, () => query(i)))),
      );
      await cache.clock.advance(5);
      expect(cache.singleFlight.load).to.include({ running: 3, queued: 3 });
      expect(seen.running).to.equal(3);
      await cache.clock.advance(15);
      expect((await page).length).to.equal(6);
      expect(seen.most).to.equal(3);
    });

    it('joins a load that waits in the queue, and lends it the place', async () => {
      const cache = new InHand({ limit: 1 });
      const page = cache.getOrSet('page', async () => {
        await new Promise<void>((resolve) => cache.clock.setTimer(resolve, 20));
        return cache.getOrSet('shared', never);
      });
      await cache.clock.advance(1);
      const queued = cache.getOrSet('shared', () => 'shared');
      await cache.clock.advance(1);
      expect(cache.singleFlight.load).to.include({ running: 1, queued: 1 });
      await cache.clock.advance(20);
      expect(await page).to.equal('shared');
      expect(await queued).to.equal('shared');
    });

    it('joins a load that is still claimed, and lends it the place when it comes', async () => {
      const cache = new InHand({ limit: 1 });
      const claiming = gate();
      const page = cache.getOrSet('page', async () => {
        cache.store.beforeClaim = () => claiming.promise;
        const first = cache.getOrSet('shared', () => 'shared');
        return [await first];
      });
      await cache.clock.advance(1);
      claiming.open();
      await cache.clock.advance(1);
      expect(await page).to.deep.equal(['shared']);
    });

    it('has its place back when it goes on without the load in it', async () => {
      const cache = new InHand({ limit: 1, graceMs: 3_600_000 });
      await cache.getOrSet('part', () => 'old', { ttlMs: 100 });
      await cache.clock.advance(101);
      const part = gate<string>();
      const page = cache.getOrSet('page', async () => {
        const stale = await cache.getOrSet('part', () => part.promise, { softTimeoutMs: 50 });
        return [stale, await cache.getOrSet('other', () => 'other')];
      });
      await cache.clock.advance(60);
      expect(await page).to.deep.equal(['old', 'other']);
      expect(cache.singleFlight.load.running).to.equal(1);
      part.open('new');
      await cache.clock.advance(1);
      expect(cache.singleFlight.load.running).to.equal(0);
      expect(cache.stored('part')).to.equal('new');
    });

    it('that its parent did not wait for counts for itself when the parent has ended', async () => {
      const cache = new InHand({ limit: 2 });
      const child = gate<string>();
      let left: Promise<string> | undefined;
      const page = cache.getOrSet('page', () => {
        left = cache.getOrSet('child', () => child.promise);
        return new Promise<string>((resolve) => cache.clock.setTimer(() => resolve('page'), 10));
      });
      await cache.clock.advance(5);
      expect(cache.singleFlight.load.running).to.equal(1);
      await cache.clock.advance(10);
      expect(await page).to.equal('page');
      expect(cache.singleFlight.load.running).to.equal(1);
      child.open('child');
      expect(await left).to.equal('child');
      expect(cache.singleFlight.load.running).to.equal(0);
    });

    it('begun by something that a loader has left behind has no parent', async () => {
      const cache = new InHand({ limit: 1, maxQueuedLoads: 0 });
      let later: Promise<unknown> = Promise.resolve();
      await cache.getOrSet('page', () => {
        later = new Promise((resolve) => cache.clock.setTimer(() => resolve(undefined), 50)).then(
          () => cache.getOrSet('page', () => 'no circle', { store: cache.store }),
        );
        return 'page';
      });
      await cache.store.remove('page');
      const busy = gate();
      const other = cache.getOrSet('other', () => busy.promise);
      const code = codeOf(later);
      await cache.clock.advance(60);
      expect(await code).to.equal('ERR_CACHE_OVERLOADED');
      busy.open();
      await other;
    });

    it('of another cache’s loader runs in the place of its own cache', async () => {
      const [a, b] = [new InHand({ limit: 1 }), new InHand({ limit: 1 })];
      const value = a.getOrSet('a', () =>
        b.getOrSet('b', () => a.getOrSet('c', () => b.getOrSet('d', () => 'deep'))),
      );
      expect(await value).to.equal('deep');
      expect([a.singleFlight.load.running, b.singleFlight.load.running]).to.deep.equal([0, 0]);
    });

    it('is not a refresh that a loader merely set off', async () => {
      const [a, b] = [new InHand({ limit: 1 }), new InHand({ refreshAhead: 1e9 })];
      const slow = async (): Promise<string> => {
        await b.clock.advance(900);
        return 'old';
      };
      await b.getOrSet('r', slow, { ttlMs: 1_000 });
      const load = gate<string>();
      const page = a.getOrSet('page', async () => {
        await b.getOrSet('r', () => a.getOrSet('x', () => 'x'));
        return load.promise;
      });
      await b.clock.advance(1);
      expect(a.singleFlight.load).to.include({ running: 1, queued: 1 });
      load.open('page');
      expect(await page).to.equal('page');
      await b.clock.advance(1);
      expect(b.stored('r')).to.equal('x');
    });

    it('of many keys at once, in both directions', async () => {
      const cache = new InHand({ limit: 1 });
      const load = async (keys: readonly string[]): Promise<Map<string, string>> => {
        const parts = await cache.getOrSetMany(
          keys.map((key) => `${key}:part`),
          (names) => new Map(names.map((name) => [name, name])),
        );
        return new Map(keys.map((key) => [key, parts.get(`${key}:part`) as string]));
      };
      const calls = [1, 2, 3].map((n) => cache.getOrSetMany([`x${n}`, `y${n}`, 'shared'], load));
      const [first] = await Promise.all(calls);
      expect(first?.get('x1')).to.equal('x1:part');
      expect(first?.get('shared')).to.equal('shared:part');
    });
  });

  it('are followed only while a loader runs, because Node then tracks every promise', async () => {
    const cache = new (freshly().InHand)();
    const { disable } = AsyncLocalStorage.prototype;
    let switchedOff = 0;
    AsyncLocalStorage.prototype.disable = function (this: AsyncLocalStorage<unknown>) {
      switchedOff++;
      disable.call(this);
    };
    try {
      const load = gate<string>();
      const answer = cache.getOrSet('k', () => load.promise);
      await cache.clock.advance(1);
      await rejectionOf(cache.getOrSet('l', () => Promise.reject(new Error('away'))));
      await cache.clock.advance(1);
      expect(switchedOff).to.equal(0);
      load.open('value');
      await answer;
      expect(switchedOff).to.equal(1);
    } finally {
      AsyncLocalStorage.prototype.disable = disable;
    }
    const again = cache.getOrSet('m', () => cache.getOrSet('m', () => 1));
    expect(await codeOf(again)).to.equal('ERR_CACHE_LOADER_CYCLE');
  });

  describe('in a circle', () => {
    const messageOf = async (promise: Promise<unknown>): Promise<string> => {
      const error = (await rejectionOf(promise)) as Error & { code: string };
      expect(error.code, error.message).to.equal('ERR_CACHE_LOADER_CYCLE');
      return error.message;
    };

    it('of one key', async () => {
      const cache = new InHand();
      const answer = cache.getOrSet('a', () => cache.getOrSet('a', () => 1));
      expect(await messageOf(answer)).to.contain("'a' → 'a'.");
      expect(await cache.getOrSet('a', () => 'fine')).to.equal('fine');
    });

    it('of three keys, with the chain in the message', async () => {
      const cache = new InHand();
      const answer = cache.getOrSet('a', () =>
        cache.getOrSet('b', () => cache.getOrSet('c', () => cache.getOrSet('a', () => 1))),
      );
      expect(await messageOf(answer)).to.contain("'c' → 'a' → 'b' → 'c'.");
    });

    it('of very many keys, with a chain that is cut', async () => {
      const cache = new InHand();
      const deep = (depth: number): Promise<number> =>
        cache.getOrSet(`d${depth}`, () => deep((depth + 1) % 100));
      const message = await messageOf(deep(0));
      expect(message).to.contain("'d99' → 'd0' → 'd1'").and.to.contain("→ '…' →");
      expect(message.length).to.be.below(400);
    });

    it('through getOrSetMany, whichever key it is', async () => {
      const cache = new InHand();
      const many = (keys: readonly string[]): Promise<Map<string, unknown>> =>
        cache.getOrSetMany(keys, async (missing) => {
          await cache.getOrSet('other', () => cache.getOrSet('b', () => 1));
          return new Map(missing.map((key) => [key, 1]));
        });
      expect(await messageOf(many(['a', 'b']))).to.contain("'other' → 'b' → 'other'");
      const own = cache.getOrSet('x', async () =>
        (await cache.getOrSetMany(['y', 'x'], (keys) => new Map(keys.map((key) => [key, 1])))).get(
          'x',
        ),
      );
      expect(await messageOf(own)).to.contain("'x' → 'x'");
      expect(await cache.getOrSet('y', () => 'fine')).to.equal('fine');
    });

    it('and the call that is refused leaves nothing behind for others', async () => {
      const cache = new InHand();
      let now = 0;
      cache.clock.now = () => (now += 0.05);
      const keys = Array.from({ length: 4_000 }, (_, i) => `k${i}`);
      const bulk = (asked: readonly string[]): Map<string, string> =>
        new Map(asked.map((key) => [key, 'fine']));
      const joiners: Promise<unknown>[] = [];
      let isRefused = false;
      // The event loop turns while the call looks through its keys, and others ask for some of them.
      const join = (): void => {
        const [single, many] = [`k${joiners.length}`, `k${joiners.length + 1}`];
        joiners.push(
          cache.getOrSet(single, () => 'fine'),
          cache.getOrSetMany([many], bulk).then((values) => values.get(many)),
        );
        if (!isRefused) setImmediate(join);
      };
      const answer = cache.getOrSet('own', () => {
        setImmediate(join);
        return cache.getOrSetMany([...keys, 'own'], bulk);
      });
      expect(await messageOf(answer)).to.contain("'own' → 'own'");
      isRefused = true;
      await cache.clock.advance(1);
      expect(await Promise.all(joiners)).to.deep.equal(Array(joiners.length).fill('fine'));
    });

    it('and the call that is refused waits for nothing: the loads can be abandoned', async () => {
      const cache = new InHand();
      const leaving = new AbortController();
      let loading: AbortSignal | undefined;
      const answer = rejectionOf(
        cache.getOrSet(
          'a',
          async ({ signal }) => {
            loading = signal;
            await rejectionOf(cache.getOrSet('a', never));
            return never();
          },
          { signal: leaving.signal },
        ),
      );
      await cache.clock.advance(1);
      leaving.abort();
      await answer;
      expect(loading?.aborted).to.equal(true);
    });

    it('that two loads close which were begun apart', async () => {
      const cache = new InHand();
      const both = gate();
      const a = cache.getOrSet('a', async () => {
        await both.promise;
        return cache.getOrSet('b', () => 'b');
      });
      const b = cache.getOrSet('b', async () => {
        await both.promise;
        return cache.getOrSet('a', () => 'a');
      });
      await cache.clock.advance(1);
      both.open();
      const outcomes = await Promise.allSettled([a, b]);
      const reasons = outcomes.map((outcome) =>
        outcome.status === 'rejected' ? outcome.reason.code : outcome.value,
      );
      expect(reasons).to.deep.equal(Array(2).fill('ERR_CACHE_LOADER_CYCLE'));
    });

    it('is refused at once also with a stale value, which then serves', async () => {
      const cache = new InHand({ graceMs: 3_600_000 });
      await cache.getOrSet('a', () => 'old', { ttlMs: 100 });
      await cache.clock.advance(101);
      let code: unknown;
      const answer = cache.getOrSet('a', async () => {
        code = await codeOf(cache.getOrSet('a', () => 1));
        throw new Error('as expected');
      });
      expect(await answer).to.equal('old');
      expect(code).to.equal('ERR_CACHE_LOADER_CYCLE');
    });

    it('across two caches', async () => {
      const [a, b] = [new InHand(), new InHand()];
      const answer = a.getOrSet('k', () => b.getOrSet('l', () => a.getOrSet('k', () => 1)));
      expect(await messageOf(answer)).to.contain("'l' → 'k' → 'l'");
    });

    it('there is none in a diamond', async () => {
      const cache = new InHand({ limit: 1 });
      let loads = 0;
      const bottom = (): Promise<number> => cache.getOrSet('bottom', () => ++loads);
      const side = (name: string): Promise<number> => cache.getOrSet(name, bottom);
      const top = cache.getOrSet('top', () => Promise.all([side('left'), side('right')]));
      expect(await top).to.deep.equal([1, 1]);
      expect(loads).to.equal(1);
    });

    it('there is none in many diamonds on top of each other, which are looked through once', async () => {
      const cache = new InHand();
      const bottom = gate<string>();
      const ask = (layer: number, side: number): Promise<unknown> =>
        cache.getOrSet(`${layer}:${side}`, () =>
          layer === 0
            ? bottom.promise
            : Promise.all([ask(layer - 1, 0), ask(layer - 1, 1)]).then(() => 'done'),
        );
      const top = ask(30, 0);
      await cache.clock.advance(40);
      for (let i = 0; i < 40; i++) await cache.clock.advance(1);
      const late = cache.getOrSet('late', () => ask(30, 0));
      await cache.clock.advance(1);
      bottom.open('bottom');
      expect(await Promise.all([top, late])).to.deep.equal(['done', 'done']);
    });

    it('there is none where a loader asks again for what it waited for before', async () => {
      const cache = new InHand();
      const answer = cache.getOrSet('a', async () => {
        await cache.getOrSet('b', ({ skip }) => skip());
        await cache.getOrSet('b', ({ skip }) => skip());
        return 'a';
      });
      expect(await answer).to.equal('a');
    });

    it('there is none with a loader that has returned, though a load of its own goes on', async () => {
      const cache = new InHand();
      const [filling, child] = [gate(), gate()];
      let left: Promise<string> | undefined;
      cache.store.beforeFill = () => filling.promise;
      const a = cache.getOrSet('a', () => {
        left = cache.getOrSet('b', async () => {
          await child.promise;
          return cache.getOrSet('a', never);
        });
        return 'a';
      });
      await cache.clock.advance(1);
      child.open();
      await cache.clock.advance(1);
      filling.open();
      expect(await a).to.equal('a');
      expect(await left).to.equal('a');
    });

    it('there is none where the asked key was only in the same call, held by another process', async () => {
      const cache = new InHand();
      cache.store.holdElsewhere('held', cache.clock.now() + 100);
      const many = cache.getOrSetMany(['a', 'held'], async (keys) => {
        if (keys.includes('a')) await cache.getOrSet('c', () => cache.getOrSet('held', never));
        return new Map(keys.map((key) => [key, `loaded ${key}`]));
      });
      await cache.clock.advance(200);
      expect(Object.fromEntries(await many)).to.deep.equal({
        a: 'loaded a',
        held: 'loaded held',
      });
    });
  });
});
