import { expect } from 'chai';
import { orAborted, sleep, within } from '../../../lib/core/time/wait.js';
import { ManualClock } from '../../support/manual-clock.js';
import { unhandled } from '../../support/wait.js';

describe('waiting', () => {
  let clock: ManualClock;
  let loose: ReturnType<typeof unhandled>;

  beforeEach(() => {
    clock = new ManualClock();
    loose = unhandled();
  });

  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(loose.stop()).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  const rejection = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'no rejection',
      (error) => error,
    );

  it('sleep ends after its time', async () => {
    let isOver = false;
    const sleeping = sleep(clock, 100).then(() => {
      isOver = true;
    });
    await clock.advance(99);
    expect(isOver).to.equal(false);
    await clock.advance(1);
    await sleeping;
  });

  describe('within a limit', () => {
    it('gives what the promise gives, or its error, and ends the timer', async () => {
      const limit = { clock, ms: 100 };
      expect(await within(Promise.resolve(1), limit, () => 'late')).to.equal(1);
      expect(clock.pending).to.equal(0);
      const failure = new Error('no');
      expect(await rejection(within(Promise.reject(failure), limit, () => 'late'))).to.equal(
        failure,
      );
    });

    it('gives what `late` returns or throws when the time is over', async () => {
      const limit = { clock, ms: 100 };
      const never = new Promise<never>(() => {});
      const late = within(never, limit, () => 'late');
      const failed = rejection(
        within(never, limit, () => {
          throw new Error('too late');
        }),
      );
      await clock.advance(100);
      expect(await late).to.equal('late');
      expect(await failed).to.have.property('message', 'too late');
    });

    it('lets a rejection that comes too late go by', async () => {
      let fail: (error: Error) => void = () => {};
      const promise = new Promise<never>((_resolve, reject) => {
        fail = reject;
      });
      const late = within(promise, { clock, ms: 100 }, () => 'late');
      await clock.advance(100);
      fail(new Error('nobody’s'));
      expect(await late).to.equal('late');
    });
  });

  describe('or aborted', () => {
    it('gives what the promise gives, and leaves no listener', async () => {
      const controller = new AbortController();
      let listeners = 0;
      const { signal } = controller;
      const [add, remove] = [signal.addEventListener, signal.removeEventListener];
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++;
        add.apply(signal, args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--;
        remove.apply(signal, args);
      };
      expect(await orAborted(Promise.resolve(1), signal)).to.equal(1);
      expect(listeners).to.equal(0);
    });

    it('rejects with the reason, also when that was given before', async () => {
      const controller = new AbortController();
      const waiting = rejection(orAborted(new Promise(() => {}), controller.signal));
      controller.abort('reason');
      expect(await waiting).to.equal('reason');
      expect(await rejection(orAborted(Promise.resolve(1), controller.signal))).to.equal('reason');
    });
  });
});
