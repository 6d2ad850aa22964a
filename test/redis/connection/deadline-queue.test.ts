import { expect } from 'chai';
import { lagOf } from '../../../lib/core/time/lag.js';
import { DeadlineQueue, type Pending } from '../../../lib/redis/connection/deadline-queue.js';
import type { Progress } from '../../../lib/redis/connection/socket-meter.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

describe('the deadline queue', () => {
  const scene = () => {
    const clock = new ManualClock();
    const expired: string[] = [];
    const counts: number[] = [];
    const moves: boolean[] = [];
    const progress: Progress = {
      replied: () => {},
      hasMoved: () => moves.shift() ?? false,
      arrived: () => 0,
    };
    const queue = new DeadlineQueue({
      clock,
      progress,
      onExpired: (all) => counts.push(all.length),
    });
    const add = (name: string, patienceMs = 100): Pending => {
      const sentAt = clock.now();
      const pending: Pending = {
        sentAt,
        patienceMs,
        deadlineAt: sentAt + patienceMs,
        isSettled: false,
        expire: () => {
          pending.isSettled = true;
          expired.push(name);
        },
      };
      queue.add(pending);
      return pending;
    };
    return { clock, queue, add, expired, counts, moves };
  };

  it('expires commands in order, each when its time has come', async () => {
    const { clock, add, expired, counts } = scene();
    add('first');
    await clock.advance(30);
    add('second');
    await clock.advance(69);
    expect(expired).to.deep.equal([]);
    await clock.advance(1);
    expect(expired).to.deep.equal(['first']);
    await clock.advance(30);
    expect(expired).to.deep.equal(['first', 'second']);
    expect(counts).to.deep.equal([1, 1]);
  });

  it('keeps a patience for each command, but lets none overtake an older one', async () => {
    const { clock, add, expired } = scene();
    const large = add('large', 500);
    add('small', 100);
    await clock.advance(150);
    expect(expired).to.deep.equal([]);
    large.isSettled = true;
    add('next', 100);
    await clock.advance(100);
    expect(expired).to.deep.equal(['small', 'next']);
  });

  it('says nothing of commands that were settled, and keeps no timer for them', async () => {
    const { clock, queue, add, expired } = scene();
    for (let i = 0; i < 10_000; i++) {
      add(`${i}`).isSettled = true;
      queue.oldest();
    }
    await clock.advance(1_000);
    expect([expired.length, clock.pending]).to.deep.equal([0, 0]);
  });

  it('waits on while a large value moves through the socket', async () => {
    const { clock, add, expired, moves } = scene();
    add('large');
    moves.push(true, true, false);
    await clock.advance(250);
    expect(expired).to.deep.equal([]);
    await clock.advance(50);
    expect(expired).to.deep.equal(['large']);
  });

  it('does not hold the time of a large value against those that wait behind it', async () => {
    const { clock, queue, add, moves } = scene();
    add('large');
    const behind = add('behind');
    moves.push(true, true);
    await clock.advance(200);
    const later = add('later');
    expect([behind, later].map((each) => queue.dueAt(each) - clock.now())).to.deep.equal([
      100, 100,
    ]);
  });

  it('counts the silence of Redis: each answer gives those that follow their whole time', async () => {
    const { clock, queue, add, expired } = scene();
    const first = add('first');
    const second = add('second');
    await clock.advance(90);
    first.isSettled = true;
    queue.replied(clock.now());
    await clock.advance(99);
    expect(expired).to.deep.equal([]);
    expect(queue.dueAt(second)).to.equal(second.deadlineAt);
    await clock.advance(1);
    expect(expired).to.deep.equal(['second']);
  });

  it('waits longer where our own timers were late, as long as that is recent', async () => {
    const { clock, add, expired } = scene();
    lagOf(clock).observe(40);
    add('one');
    await clock.advance(150);
    expect(expired).to.deep.equal([]);
    await clock.advance(150);
    expect(expired).to.deep.equal(['one']);
    await clock.advance(10_000);
    add('two');
    await clock.advance(100);
    expect(expired).to.deep.equal(['one', 'two']);
  });

  it('gives back the whole time that the event loop was busy, again and again', async () => {
    const { clock, add, expired } = scene();
    add('one');
    for (const busyMs of [700, 900, 650]) {
      clock.jump(busyMs);
      await settle();
    }
    expect(expired).to.deep.equal([]);
    await clock.advance(700);
    expect(expired).to.deep.equal(['one']);
  });

  it('does not wait for an hour after a suspension of an hour', async () => {
    const { clock, add, expired } = scene();
    add('one');
    clock.jump(3_600_000);
    await clock.advance(5_001);
    expect(expired).to.deep.equal(['one']);
  });

  it('hands out what is left when it is drained', () => {
    const { clock, queue, add } = scene();
    add('first').isSettled = true;
    const second = add('second');
    expect(queue.drain()).to.deep.equal([second]);
    expect(clock.pending).to.equal(0);
  });
});
