import { expect } from 'chai';
import fc from 'fast-check';
import { SpaceSaving } from '../../../lib/loading/warm/space-saving.js';

describe('the count of frequent keys', () => {
  it('is exact while every key has a counter', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (stream) => {
        const counts = new SpaceSaving(10);
        for (const key of stream) counts.add(`k${key}`);
        const exact = exactly(stream);
        for (const [key, count] of counts.top(10)) expect(count).to.equal(exact.get(key));
        expect(counts.size).to.equal(exact.size);
      }),
    );
  });

  it('is never too low, and too high by no more than the stream divided by the counters', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 }), (stream) => {
        const counts = new SpaceSaving(8);
        for (const key of stream) counts.add(`k${key}`);
        const exact = exactly(stream);
        const bound = stream.length / 8;
        for (const [key, count] of counts.top(8)) {
          const truth = exact.get(key) ?? 0;
          expect(count).to.be.within(truth, truth + bound);
        }
        // Whoever occurs more often than the bound is on the list.
        const listed = new Set(counts.top(8).map(([key]) => key));
        for (const [key, count] of exact) if (count > bound) expect([...listed]).to.include(key);
      }),
    );
  });

  it('lists the most frequent first', () => {
    const counts = new SpaceSaving(3);
    for (const key of ['a', 'b', 'b', 'c', 'c', 'c']) counts.add(key);
    expect(counts.top(2)).to.deep.equal([
      ['c', 3],
      ['b', 2],
    ]);
  });

  it('forgets by half', () => {
    const counts = new SpaceSaving(3);
    for (const key of ['a', 'a', 'a', 'a']) counts.add(key);
    counts.halve();
    for (const key of ['b', 'b', 'b']) counts.add(key);
    expect(counts.top(1)).to.deep.equal([['b', 3]]);
  });

  it('takes over a count, and never lowers one', () => {
    const counts = new SpaceSaving(2);
    counts.raise('a', 5);
    counts.raise('a', 2);
    counts.raise('b', 3);
    counts.raise('rare', 1);
    expect(counts.top(3)).to.deep.equal([
      ['a', 5],
      ['b', 3],
    ]);
  });
});

function exactly(stream: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of stream) counts.set(`k${key}`, (counts.get(`k${key}`) ?? 0) + 1);
  return counts;
}
