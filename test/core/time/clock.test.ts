import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../../lib/core/time/clock.js';
import { handles, until } from '../../support/wait.js';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Puts another function in the place of `setTimeout`, as long as `act` runs. */
function withTimers(fake: typeof setTimeout, act: () => void): void {
  const { setTimeout: real } = globalThis;
  globalThis.setTimeout = fake;
  try {
    act();
  } finally {
    globalThis.setTimeout = real;
  }
}

describe('systemClock', () => {
  it('has a time that goes on, and one that is the date', () => {
    const before = systemClock.now();
    block(5);
    expect(systemClock.now() - before).to.be.within(5, 1_000);
    expect(systemClock.wallNow()).to.be.closeTo(Date.now(), 1_000);
  });

  it('counts time as idle when it waits, and not when it computes', async () => {
    const before = systemClock.idleTime();
    block(30);
    expect(systemClock.idleTime()).to.equal(before);
    await until(() => systemClock.idleTime() > before, 'some time was idle');
  });

  describe('a timer', () => {
    it('fires once, not before its time', async () => {
      const startedAt = systemClock.now();
      const firedAt: number[] = [];
      systemClock.setTimer(() => firedAt.push(systemClock.now()), 20);
      await until(() => firedAt.length > 0, 'the timer fires');
      // Node rounds the start of a timer down to the millisecond in which the loop began to turn.
      expect((firedAt[0] ?? 0) - startedAt).to.be.at.least(19);
      await new Promise((resolve) =>
        systemClock.setTimer(() => resolve(undefined), 50, { ref: true }),
      );
      expect(firedAt).to.have.lengthOf(1);
    });

    it('does not fire when it is cancelled, and bears that afterwards too', async () => {
      const fired: string[] = [];
      const cancelled = systemClock.setTimer(() => fired.push('cancelled'), 5);
      cancelled.cancel();
      const kept = systemClock.setTimer(() => fired.push('kept'), 5);
      await until(() => fired.length > 0, 'the other timer fires');
      kept.cancel();
      cancelled.cancel();
      expect(fired).to.deep.equal(['kept']);
    });

    it('keeps the process alive only when asked to', () => {
      const before = handles();
      const loose = systemClock.setTimer(() => {}, 60_000);
      const kept = systemClock.setTimer(() => {}, 60_000, { ref: false });
      expect(handles()).to.deep.equal(before);
      const held = systemClock.setTimer(() => {}, 60_000, { ref: true });
      expect(handles()).to.have.lengthOf(before.length + 1);
      for (const timer of [loose, kept, held]) timer.cancel();
      expect(handles()).to.deep.equal(before);
    });

    it('may take longer than Node can count: it starts again, and stays cancellable', () => {
      const DAY = 86_400_000;
      const LONGEST = 2 ** 31 - 1;
      const started: number[] = [];
      let unrefs = 0;
      let fire: () => void = () => {};
      const fake = ((callback: () => void, ms: number) => {
        started.push(ms);
        fire = callback;
        return { unref: () => unrefs++ };
      }) as unknown as typeof setTimeout;
      let fired = 0;
      withTimers(fake, () => {
        systemClock.setTimer(() => fired++, 60 * DAY);
        fire();
        fire();
        expect(fired).to.equal(0);
        fire();
      });
      expect(fired).to.equal(1);
      expect(unrefs).to.equal(3);
      expect(started).to.deep.equal([LONGEST, LONGEST, 60 * DAY - 2 * LONGEST]);
    });

    it('of months does not fire at once', async () => {
      let fired = 0;
      const timer = systemClock.setTimer(() => fired++, 10 * 365 * 86_400_000);
      await new Promise((resolve) =>
        systemClock.setTimer(() => resolve(undefined), 30, { ref: true }),
      );
      timer.cancel();
      expect(fired).to.equal(0);
    });
  });

  it('calls after the loop has polled: what had come in is read by then', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const client = connect((server.address() as { port: number }).port, '127.0.0.1');
    const [peer] = (await accepted) as [Socket];
    const order: string[] = [];
    client.on('data', () => order.push('data'));
    await new Promise((resolve) => {
      setTimeout(() => {
        peer.write('x');
        block(20);
        systemClock.afterPoll(() => resolve(order.push('after')));
      }, 1);
    });
    client.destroy();
    peer.destroy();
    server.close();
    expect(order).to.deep.equal(['data', 'after']);
  });
});
