import { expect } from 'chai';
import fc from 'fast-check';
import { Fifo } from '../../lib/core/fifo.js';

describe('a queue', () => {
  it('does what an array does', () => {
    const step = fc.oneof(fc.constant('take'), fc.constant('drain'), fc.nat(3_000));
    const property = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const [ours, array] = [new Fifo<number>(), [] as number[]];
      for (const [index, what] of steps.entries()) {
        if (what === 'drain') {
          expect(ours.drain()).to.deep.equal(array.splice(0));
        } else if (what === 'take') {
          expect(ours.peek()).to.equal(array[0]);
          const taken = (take: () => number | undefined): unknown[] =>
            Array.from({ length: 1_500 }, take);
          expect(taken(() => ours.take())).to.deep.equal(taken(() => array.shift()));
        } else {
          for (let i = 0; i < Number(what); i++) {
            ours.push(index * 10_000 + i);
            array.push(index * 10_000 + i);
          }
        }
        expect(ours.size).to.equal(array.length);
      }
    });
    fc.assert(property, { numRuns: 50 });
  });
});
