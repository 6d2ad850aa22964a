import { expect } from 'chai';
import { DeadlineQueue, type Pending } from '../../../lib/redis/connection/deadline-queue.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

describe('the deadline queue', () => {
  const pendingAt = (sentAt: number, expired: number[]): Pending => {
    const pending = {
      sentAt,
      isSettled: false,
      expire: () => {
        pending.isSettled = true;
        expired.push(sentAt);
      },
    };
    return pending;
  };

  it('expires commands in order, each when its time has come', async () => {
    const clock = new ManualClock();
    const counts: number[] = [];
    const expired: number[] = [];
    const queue = new DeadlineQueue(clock, 100, true, (count) => counts.push(count));
    const start = clock.now();
    queue.add(pendingAt(clock.now(), expired));
    await clock.advance(30);
    queue.add(pendingAt(clock.now(), expired));
    await clock.advance(69);
    expect(expired).to.deep.equal([]);
    await clock.advance(1);
    expect(expired).to.deep.equal([start]);
    await clock.advance(30);
    expect(expired).to.deep.equal([start, start + 30]);
    expect(counts).to.deep.equal([1, 1]);
  });

  it('says nothing of commands that were settled, and keeps no timer for them', async () => {
    const clock = new ManualClock();
    const expired: number[] = [];
    const queue = new DeadlineQueue(clock, 100, true, () => {});
    const all = Array.from({ length: 10_000 }, () => pendingAt(clock.now(), expired));
    for (const pending of all) {
      queue.add(pending);
      pending.isSettled = true;
      queue.settled();
    }
    await clock.advance(1_000);
    expect([expired.length, clock.pending]).to.deep.equal([0, 0]);
  });

  it('gives back the time that the event loop was busy', async () => {
    const clock = new ManualClock();
    const expired: number[] = [];
    const queue = new DeadlineQueue(clock, 100, true, () => {});
    queue.add(pendingAt(clock.now(), expired));
    clock.jump(700);
    await settle();
    expect(expired).to.deep.equal([]);
    await clock.advance(99);
    expect(expired).to.deep.equal([]);
    await clock.advance(1);
    expect(expired).to.have.length(1);
  });

  it('hands out what is left when it is drained', async () => {
    const clock = new ManualClock();
    const queue = new DeadlineQueue(clock, 100, true, () => {});
    const [first, second] = [pendingAt(clock.now(), []), pendingAt(clock.now(), [])];
    queue.add(first);
    queue.add(second);
    first.isSettled = true;
    expect(queue.drain()).to.deep.equal([second]);
    expect(clock.pending).to.equal(0);
  });
});
