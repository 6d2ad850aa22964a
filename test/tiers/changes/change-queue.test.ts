import { expect } from 'chai';
import type { WriteResult } from '../../../lib/api/cache.js';
import { Failure } from '../../../lib/redis/failure.js';
import type { ChangeBatch, WriteOutcome } from '../../../lib/redis/remote.js';
import { type Change, newChange, settleChange } from '../../../lib/tiers/changes/change.js';
import { ChangeQueue } from '../../../lib/tiers/changes/change-queue.js';
import { LOST } from '../../support/fake-redis.js';
import { settle } from '../../support/manual-clock.js';
import { value } from '../../support/tier-fixture.js';
import { stampOf } from '../stamps.js';

interface Bench {
  readonly queue: ChangeQueue;
  readonly told: string[];
  /** From now on what an answer means is known later: call the result. */
  doubt(): () => void;
  add(name: string, lane?: 'request' | 'bulk'): Change;
  next(lane?: 'request' | 'bulk', keys?: number, bytes?: number): ChangeBatch | undefined;
  sent(lane?: 'request' | 'bulk', keys?: number, bytes?: number): readonly string[];
}

/** Names are a key and a number, `a1`; `a0` deletes. */
function build(): Bench {
  const told: string[] = [];
  let doubts: Promise<void> | undefined;
  const queue = new ChangeQueue({
    toItem: ({ key, value: it }) => ({ key, text: it?.payload ?? '0', limit: 0, pxMs: 1 }),
    onFailed: (_, bytes) => told.push(`failed ${bytes}`),
    onOutcome: (change, outcome) => {
      const word = outcome instanceof Failure ? 'unknown' : outcome;
      told.push(`${change.key}${change.value?.payload ?? 0} ${word}`);
      settleChange(change, outcome === 'done' ? 'applied' : 'deferred');
      return doubts;
    },
    onFree: () => told.push('free'),
  });
  const next: Bench['next'] = (lane = 'request', keys = 32, bytes = 65_536) =>
    queue.next(lane, keys, bytes);
  return {
    queue,
    told,
    next,
    doubt() {
      let end: () => void = () => {};
      doubts = new Promise((resolve) => {
        end = () => {
          doubts = undefined;
          resolve();
        };
      });
      return end;
    },
    add(name, lane = 'request') {
      const [key = '', number = '0'] = name;
      const payload = number === '0' ? undefined : value(number);
      const waiter = { settle: (result: WriteResult) => told.push(`${name}: ${result}`) };
      const call = { stamp: stampOf(1), generation: '', waiter };
      const change = newChange(key, payload, call);
      queue.add(change, lane);
      return change;
    },
    sent: (...how) => (next(...how)?.items ?? []).map(({ key, text }) => key + text),
  };
}

const done = (batch: ChangeBatch | undefined, ...outcomes: WriteOutcome[]): void =>
  batch?.settled(outcomes);

describe('ChangeQueue', () => {
  it('has one change of a key on its way, and sends the latest of those that waited', () => {
    const { queue, add, next, sent, told } = build();
    add('a1');
    const first = next();
    add('a2');
    add('a3');
    expect(sent()).to.deep.equal([]);
    expect(queue.latest('a')?.value?.payload).to.equal('3');
    done(first, 'done');
    const second = next();
    expect(second?.items.map(({ text }) => text)).to.deep.equal(['3']);
    expect(queue.latest('a')?.value?.payload).to.equal('3');
    done(second, 'done');
    expect(told).to.deep.equal(['a1 done', 'a1: applied', 'a3 done', 'a3: applied', 'a2: applied']);
    expect(queue.isEmpty).to.equal(true);
  });

  it('drops the values of replaced changes', () => {
    const { queue, add } = build();
    for (let i = 1; i < 9; i++) add(`a${i}`);
    expect(queue.waitingBytes).to.equal(1 + 1 + 64);
    let { replaced } = queue.latest('a') ?? {};
    for (; replaced !== undefined; replaced = replaced.replaced)
      expect(replaced).to.have.all.keys('waiter', 'replaced');
  });

  it('sends in the order of calls, requests before bulk work, as much as is asked for', () => {
    const { add, sent } = build();
    for (const name of ['a1', 'b0', 'c1', 'd1']) add(name);
    for (const name of ['x1', 'y1']) add(name, 'bulk');
    expect(sent('request', 2)).to.deep.equal(['a1', 'b0']);
    expect(sent('request', 9, 1)).to.deep.equal(['c1']);
    expect(sent('request', 9, 140)).to.deep.equal(['d1']);
    expect(sent('request')).to.deep.equal([]);
    expect(sent('bulk', 1)).to.deep.equal(['x1']);
    expect(sent('bulk')).to.deep.equal(['y1']);
  });

  it('lets a request overtake bulk work, once', () => {
    const { add, sent, next } = build();
    add('a1', 'bulk');
    add('b1', 'bulk');
    add('b2', 'request');
    expect(sent('request')).to.deep.equal(['b2']);
    expect(sent('bulk')).to.deep.equal(['a1']);
    expect(next('bulk')).to.equal(undefined);
  });

  it('sends bulk work of a key behind its request, once', () => {
    const { add, next, sent } = build();
    add('a1', 'bulk');
    const first = next('bulk');
    add('a2', 'request');
    add('a3', 'bulk');
    done(first, 'done');
    expect(sent('bulk')).to.deep.equal([]);
    expect(sent('request')).to.deep.equal(['a3']);
  });

  it('sends nothing behind a barrier', async () => {
    const { queue, add, sent } = build();
    expect(queue.barriers.areUp).to.equal(false);
    let open = (_: string): void => {};
    let isFree = false;
    const answer = queue.barriers.hold(
      new Promise<string>((resolve) => {
        open = resolve;
      }),
    );
    const other = queue.barriers.hold(new Promise(() => {}));
    void queue.barriers.untilDown().then(() => {
      isFree = true;
    });
    add('a1');
    expect(sent()).to.deep.equal([]);
    open('answer');
    expect(await answer).to.equal('answer');
    expect(sent(), 'another barrier stands').to.deep.equal([]);
    await settle();
    expect(isFree).to.equal(false);
    void other;
  });

  it('resolves for a waiter of a key when its changes so far are answered', async () => {
    const { queue, add, next } = build();
    const seen: string[] = [];
    expect(queue.untilAnswered('a')).to.equal(undefined);
    add('a1');
    const first = next();
    add('a2');
    void queue.untilAnswered('a')?.then(() => seen.push('answered'));
    done(first, 'done');
    await settle();
    expect(seen).to.deep.equal([]);
    const second = next();
    add('a3');
    done(second, 'older');
    await settle();
    expect(seen).to.deep.equal(['answered']);
  });

  it('counts a change as in flight until it is known what its answer means', async () => {
    const { queue, add, next, sent, told, doubt } = build();
    const end = doubt();
    const [a, b] = [add('a1'), add('b1')];
    done(next(), 'older', 'older');
    const later = add('a2');
    await settle();
    expect([queue.latest('a'), queue.latest('b')]).to.deep.equal([later, b]);
    expect(sent(), 'a later change of the key waits').to.deep.equal([]);
    expect([...queue.each('sent')]).to.deep.equal([a, b]);
    end();
    await settle();
    expect(queue.latest('b')).to.equal(undefined);
    expect(sent()).to.deep.equal(['a2']);
    expect(told.slice(-2)).to.deep.equal(['free', 'free']);
  });

  it('takes out the changes that wait', () => {
    const { queue, add, next, sent } = build();
    add('a1');
    next();
    for (const name of ['a2', 'b1']) add(name);
    expect(queue.takeOne('c')).to.equal(undefined);
    expect(queue.takeOne('b')?.key).to.equal('b');
    expect(queue.latest('b')).to.equal(undefined);
    expect(queue.takeWaiting().map(({ key }) => key)).to.deep.equal(['a']);
    expect(queue.latest('a')?.value?.payload).to.equal('1');
    expect([queue.waitingBytes, queue.isEmpty]).to.deep.equal([0, false]);
    expect(sent()).to.deep.equal([]);
    add('b3');
    expect(sent(), 'its old place is skipped').to.deep.equal(['b3']);
  });

  it('is overtaken by a clear: waiting changes are taken out, changes in flight are hidden', async () => {
    const { queue, add, next } = build();
    add('a1');
    const first = next();
    for (const name of ['a2', 'b1', 'c1']) add(name);
    expect(queue.untilHiddenAnswered()).to.equal(undefined);
    const waiting = queue.overtake((key) => key !== 'c');
    queue.overtake((key) => key === 'a');
    expect(waiting.map(({ key }) => key)).to.deep.equal(['a', 'b']);
    expect(queue.latest('a')?.isCleared).to.equal(true);
    expect(queue.latest('c')?.isCleared).to.equal(false);
    let isAnswered = false;
    void queue.untilHiddenAnswered()?.then(() => {
      isAnswered = true;
    });
    await settle();
    expect(isAnswered).to.equal(false);
    done(first, 'done');
    await settle();
    expect(isAnswered).to.equal(true);
    expect(queue.untilHiddenAnswered()).to.equal(undefined);
  });

  it('tells a failed batch once, and each of its changes', () => {
    const { add, next, sent, told } = build();
    for (const name of ['a1', 'b0']) add(name);
    const batch = next();
    add('a2');
    batch?.settled(LOST);
    expect(told).to.deep.equal([
      'failed 131',
      'a1 unknown',
      'a1: deferred',
      'b0 unknown',
      'b0: deferred',
    ]);
    expect(sent()).to.deep.equal(['a2']);
  });
});
