import { expect } from 'chai';
import { systemClock } from '../../../lib/core/time/clock.js';
import { Turns } from '../../../lib/core/time/turns.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('turns of the event loop', () => {
  it('are due when the present one has lasted 2 ms, and not before', async () => {
    const clock = new ManualClock();
    const turns = new Turns(clock);
    expect(turns.due()).to.equal(undefined);
    clock.jump(1);
    expect(turns.due()).to.equal(undefined);
    clock.jump(1);
    await turns.due();
    expect(turns.due()).to.equal(undefined);
  });

  it('leave a call its own 5 ms, however long its caller has used the turn before', () => {
    const clock = new ManualClock();
    const turns = new Turns(clock);
    turns.due();
    clock.jump(100);
    const done = turns.thisTurn([1, 2, 3, 4, 5, 6, 7, 8], () => clock.jump(1));
    expect(done).to.equal(5);
  });

  it('are one allowance for all loops together', async () => {
    const clock = new ManualClock();
    const turns = new Turns(clock);
    let pieces = 0;
    let most = 0;
    const work = (): void => {
      clock.jump(1);
      most = Math.max(most, ++pieces);
      if (pieces === 1) setImmediate(() => (pieces = 0));
    };
    const items = Array.from({ length: 10 });
    await Promise.all(Array.from({ length: 8 }, () => turns.forEach(items, work)));
    // The first loop uses the allowance up, 3 steps; each of the others makes one.
    expect(most).to.equal(3 + 7);
  });

  it('keep the order of the items, and end with what is thrown', async () => {
    const turns = new Turns(systemClock);
    const seen: number[] = [];
    await turns.forEach([5, 6, 7], (item, i) => seen.push(item * 10 + i));
    expect(seen).to.deep.equal([50, 61, 72]);
    const failing = turns.forEach([1, 2], (item) => {
      seen.push(item);
      throw new Error('no');
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal('no');
    expect(seen).to.have.lengthOf(4);
  });
});
