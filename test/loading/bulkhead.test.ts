import { expect } from 'chai';
import fc from 'fast-check';
import { Bulkhead } from '../../lib/loading/bulkhead/bulkhead.js';
import { CacheOverloadedError } from '../../lib/loading/bulkhead/overloaded-error.js';
import { ManualClock } from '../support/manual-clock.js';
import { never, rejectionOf } from '../support/promises.js';
import { InHand } from './in-hand.js';

describe('loading: the bulkhead', () => {
  const bulkheadOf = (limit: number, maxQueued = 10) => {
    const clock = new ManualClock();
    const bounds = { limit };
    const bulkhead = new Bulkhead({ clock, limit: () => bounds.limit, maxQueued });
    return { clock, bulkhead, bounds };
  };

  it('admits up to its limit, and the others in the order in which they came', async () => {
    const { bulkhead } = bulkheadOf(2);
    const places = [1, 2, 3, 4].map(() => bulkhead.enter([]));
    const admitted: number[] = [];
    for (const [i, place] of places.entries()) void place.admitted().then(() => admitted.push(i));
    await Promise.resolve();
    expect(admitted).to.deep.equal([0, 1]);
    expect(bulkhead.load).to.deep.equal({ running: 2, queued: 2, limit: 2 });
    places[1]?.leave();
    await Promise.resolve();
    places[0]?.leave();
    await Promise.resolve();
    expect(admitted).to.deep.equal([0, 1, 2, 3]);
  });

  it('refuses what finds no room in the queue, with a 503 that says when to come again', () => {
    const { bulkhead } = bulkheadOf(1, 1);
    bulkhead.enter([]);
    bulkhead.enter([]);
    expect(() => bulkhead.enter([]))
      .to.throw(CacheOverloadedError, '1 loads are running and 1 wait')
      .that.includes({ code: 'ERR_CACHE_OVERLOADED', statusCode: 503, retryAfter: 1 });
  });

  it('refuses what has waited for 5 s', async () => {
    const { bulkhead, clock } = bulkheadOf(1);
    const first = bulkhead.enter([]);
    const refused = rejectionOf(bulkhead.enter([]).admitted());
    await clock.advance(4_999);
    expect(bulkhead.load.queued).to.equal(1);
    await clock.advance(1);
    expect(await refused).to.be.instanceOf(CacheOverloadedError);
    expect(bulkhead.load.queued).to.equal(0);
    first.leave();
    expect(bulkhead.load.running).to.equal(0);
    expect(clock.pending).to.equal(0);
  });

  it('asks for its limit each time', () => {
    const { bulkhead, bounds } = bulkheadOf(Number.POSITIVE_INFINITY);
    const places = [1, 2, 3].map(() => bulkhead.enter([]));
    bounds.limit = 1;
    const waiting = bulkhead.enter([]);
    places[0]?.leave();
    places[1]?.leave();
    expect(waiting.isRunning).to.equal(false);
    places[2]?.leave();
    expect(waiting.isRunning).to.equal(true);
  });

  it('lets a place that is left while it waits go without a trace', async () => {
    const { bulkhead, clock } = bulkheadOf(1);
    bulkhead.enter([]);
    const waiting = bulkhead.enter([]);
    const admitted = rejectionOf(waiting.admitted());
    waiting.leave(new Error('not wanted any more'));
    expect(await admitted).to.have.property('message', 'not wanted any more');
    waiting.leave();
    expect(bulkhead.load).to.include({ running: 1, queued: 0 });
    expect(clock.pending).to.equal(0);
  });

  it('has no load in its queue without a waiting caller', async () => {
    const cache = new InHand({ limit: 1 });
    const running = cache.getOrSet('a', () => 'a').then(() => cache.getOrSet('b', never));
    await cache.clock.advance(1);
    const leaving = new AbortController();
    const queued = rejectionOf(cache.getOrSet('c', never, { signal: leaving.signal }));
    await cache.clock.advance(1);
    expect(cache.singleFlight.load).to.include({ running: 1, queued: 1 });
    leaving.abort();
    await queued;
    await cache.clock.advance(1);
    expect(cache.singleFlight.load).to.include({ running: 1, queued: 0 });
    expect(cache.store.leased).to.deep.equal(['b']);
    cache.singleFlight.close();
    await rejectionOf(running);
  });

  it('lends one place to one load at a time, and lets nested loads go first', () => {
    const { bulkhead } = bulkheadOf(1);
    const parent = bulkhead.enter([]);
    const stranger = bulkhead.enter([]);
    const [a, b] = [bulkhead.enter([parent]), bulkhead.enter([parent])];
    expect([a, b, stranger].map(({ isRunning }) => isRunning)).to.deep.equal([true, false, false]);
    expect(bulkhead.load.running).to.equal(1);
    a.leave();
    expect(b.isRunning).to.equal(true);
    b.leave();
    expect(stranger.isRunning).to.equal(false);
    parent.leave();
    expect(stranger.isRunning).to.equal(true);
  });

  it('gives a free place to a nested load before others', () => {
    const { bulkhead } = bulkheadOf(2);
    const [parent, other] = [bulkhead.enter([]), bulkhead.enter([])];
    const stranger = bulkhead.enter([]);
    bulkhead.enter([parent]);
    const second = bulkhead.enter([parent]);
    other.leave();
    expect([second.isRunning, stranger.isRunning]).to.deep.equal([true, false]);
  });

  it('counts a borrower for itself when its lender ends or goes on', () => {
    const { bulkhead } = bulkheadOf(1);
    const parent = bulkhead.enter([]);
    const child = bulkhead.enter([parent]);
    parent.leave();
    expect(bulkhead.load.running).to.equal(1);
    const grandchild = bulkhead.enter([child]);
    grandchild.withdraw(child);
    expect(bulkhead.load.running).to.equal(2);
    child.leave();
    grandchild.leave();
    expect(bulkhead.load.running).to.equal(0);
  });

  it('counts a grandchild for itself when the load between ends, whose lender has its place back', () => {
    const { bulkhead } = bulkheadOf(1);
    const parent = bulkhead.enter([]);
    const child = bulkhead.enter([parent]);
    const grandchild = bulkhead.enter([child]);
    child.leave();
    expect(bulkhead.load.running).to.equal(2);
    const next = bulkhead.enter([parent]);
    expect(next.isRunning).to.equal(true);
    for (const place of [grandchild, next, parent]) place.leave();
    expect(bulkhead.load.running).to.equal(0);
  });

  it('treats a load as any other once the loader that waited for it has ended', async () => {
    const { bulkhead, clock } = bulkheadOf(1);
    const parent = bulkhead.enter([]);
    const other = bulkhead.enter([parent]);
    const orphan = bulkhead.enter([parent]);
    const refused = rejectionOf(orphan.admitted());
    parent.leave();
    expect(orphan.isNested).to.equal(false);
    orphan.offer(parent);
    expect(orphan.isNested).to.equal(false);
    await clock.advance(5_000);
    expect(await refused).to.be.instanceOf(CacheOverloadedError);
    other.leave();
    expect(bulkhead.load).to.include({ running: 0, queued: 0 });
  });

  it('takes an offer back only when the last wait of that lender ends', () => {
    const { bulkhead } = bulkheadOf(1);
    const parent = bulkhead.enter([]);
    const child = bulkhead.enter([parent, parent]);
    child.withdraw(parent);
    expect(bulkhead.load.running).to.equal(1);
    child.withdraw(parent);
    expect(bulkhead.load.running).to.equal(2);
  });

  it('lets any tangle of loads that wait for each other without a circle end', async function () {
    this.timeout(60_000);
    const node = fc.record({
      /** Which of the later keys its loader asks for, at once or one after the other. */
      asks: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
      isParallel: fc.boolean(),
      isBulk: fc.boolean(),
      queryMs: fc.integer({ min: 0, max: 20 }),
    });
    const run = fc.record({
      limit: fc.integer({ min: 1, max: 3 }),
      nodes: fc.array(node, { minLength: 2, maxLength: 14 }),
      /** Who asks from outside, and when. */
      callers: fc.array(
        fc.record({ key: fc.nat(13), atMs: fc.nat(60), leavesAfterMs: fc.option(fc.nat(60)) }),
        { minLength: 1, maxLength: 8 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ limit, nodes, callers }) => {
        const cache = new InHand({ limit });
        const { clock } = cache;
        const wait = (ms: number): Promise<void> =>
          new Promise((resolve) => clock.setTimer(resolve, ms));
        const ask = (index: number, signal?: AbortSignal): Promise<unknown> =>
          cache.getOrSet(`n${index}`, () => load(index), signal && { signal });
        const load = async (index: number): Promise<string> => {
          const self = nodes[index];
          if (self === undefined) return 'leaf';
          await wait(self.queryMs);
          const asked = self.asks.map((step) => index + step);
          if (self.isBulk) {
            // Keys that no other loader asks for: this one's run makes all of them, so none may wait for another.
            const keys = asked.map((child) => `bulk ${index} ${child}`);
            await cache.getOrSetMany(keys, async (missing) => {
              const children = await Promise.all(
                missing.map((key) => load(Number(key.split(' ')[2]))),
              );
              return new Map(missing.map((key, i) => [key, children[i]]));
            });
          } else if (self.isParallel) await Promise.all(asked.map((child) => ask(child)));
          else for (const child of asked) await ask(child);
          return 'loaded';
        };
        const outcomes = callers.map(async ({ key, atMs, leavesAfterMs }) => {
          await wait(atMs);
          const leaving = new AbortController();
          if (leavesAfterMs !== null) void wait(leavesAfterMs).then(() => leaving.abort());
          return ask(key % nodes.length, leaving.signal).catch((error) => {
            if (error !== leaving.signal.reason) throw error;
          });
        });
        const all = Promise.all(outcomes);
        let isOver = false;
        void all.then(
          () => {
            isOver = true;
          },
          () => {},
        );
        for (let i = 0; i < 400 && !isOver; i++) await clock.advance(10);
        expect(isOver, 'all callers are answered within 4 s').to.equal(true);
        await all;
        await clock.advance(1_000);
        expect(cache.singleFlight.load).to.include({ running: 0, queued: 0 });
        expect(cache.store.leased).to.deep.equal([]);
      }),
      { numRuns: 60 },
    );
  });
});
