import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { InHand } from './in-hand.js';

const tick = (): Promise<void> => delay(0);
const ignored = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => {});

describe('the end of a load, as the observer gets it', () => {
  it('is ok, skipped or an error', async () => {
    const hand = new InHand();
    await hand.getOrSet('a', async () => 1);
    await hand.getOrSet('b', ({ skip }) => {
      skip();
      return 1;
    });
    await ignored(hand.getOrSet('c', () => Promise.reject(new Error('no'))));
    await ignored(hand.getOrSet('d', async () => Symbol('not a value')));
    expect(hand.ended).to.deep.equal(['ok', 'skipped', 'error', 'error']);
  });

  it('is a timeout, not that of a loader inside', async () => {
    const hand = new InHand({ loaderTimeoutMs: 1_000 });
    const outer = ignored(
      hand.getOrSet('outer', () => hand.getOrSet('inner', () => new Promise(() => {})), {
        loaderTimeoutMs: 60_000,
      }),
    );
    await tick();
    await hand.clock.advance(1_000);
    await outer;
    expect(hand.ended).to.deep.equal(['timeout', 'error']);
  });

  it('is refused when too many wait', async () => {
    const hand = new InHand({ limit: 1, maxQueuedLoads: 0 });
    let end = (_value: number): void => {};
    const first = hand.getOrSet('a', () => new Promise<number>((resolve) => (end = resolve)));
    await tick();
    await ignored(hand.getOrSet('b', async () => 2));
    end(1);
    await first;
    expect(hand.ended).to.deep.equal(['refused, not run', 'ok']);
  });

  it('is abandoned when its last caller has left', async () => {
    const hand = new InHand();
    const controller = new AbortController();
    const { signal } = controller;
    const call = ignored(hand.getOrSet('a', () => new Promise(() => {}), { signal }));
    await tick();
    controller.abort();
    await call;
    await tick();
    expect(hand.ended).to.deep.equal(['abandoned']);
  });
});

describe('callers that share a load', () => {
  it('are counted, each but the first', async () => {
    const hand = new InHand();
    await Promise.all(['a', 'b', 'c'].map(() => hand.getOrSet('k', () => delay(1, 'v'))));
    expect(hand.shared).to.deep.equal(['flight 1', 'flight 1']);
  });

  it('are not counted when each loads a key of its own', async () => {
    const hand = new InHand();
    await Promise.all(['a', 'b'].map((key) => hand.getOrSet(key, () => delay(1, 'v'))));
    expect(hand.shared).to.deep.equal([]);
  });
});
