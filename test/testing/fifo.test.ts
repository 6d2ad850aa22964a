import { expect } from 'chai';
import fc from 'fast-check';
import { Fifo } from '../../lib/testing/fifo.js';

describe('a queue', () => {
  it('does what an array does', () => {
    const step = fc.oneof(fc.constant('shift'), fc.constant('drain'), fc.nat(3_000));
    const property = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const [ours, array] = [new Fifo<number>(), [] as number[]];
      for (const [index, what] of steps.entries()) {
        if (what === 'drain') {
          expect(ours.drain()).to.deep.equal(array.splice(0));
        } else if (what === 'shift') {
          const times = 1_500;
          const taken = (from: { shift(): number | undefined }): unknown[] =>
            Array.from({ length: times }, () => from.shift());
          expect(taken(ours)).to.deep.equal(taken(array));
        } else {
          for (let i = 0; i < Number(what); i++) {
            ours.push(index * 10_000 + i);
            array.push(index * 10_000 + i);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 50 });
  });
});
