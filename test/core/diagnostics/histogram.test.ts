import { expect } from 'chai';
import { Histogram } from '../../../lib/core/diagnostics/histogram.js';

describe('a histogram', () => {
  it('counts a value in the first bucket whose bound is not below it', () => {
    const histogram = new Histogram([1, 2, 4]);
    for (const value of [0, 1, 1.5, 2, 4, 4.1, 100]) histogram.observe(value);
    const { bounds, counts, sum } = histogram.counts();
    expect(bounds).to.deep.equal([1, 2, 4]);
    expect(counts).to.deep.equal([2, 2, 1, 2]);
    expect(sum).to.be.closeTo(112.6, 1e-9);
  });

  it('gives counts that do not change later', () => {
    const histogram = new Histogram([1]);
    const before = histogram.counts();
    histogram.observe(1);
    expect(before.counts).to.deep.equal([0, 0]);
    expect(histogram.counts().counts).to.deep.equal([1, 0]);
  });

  it('puts everything into one bucket without bounds', () => {
    const histogram = new Histogram([]);
    histogram.observe(7);
    expect(histogram.counts()).to.deep.equal({ bounds: [], counts: [1], sum: 7 });
  });
});
