import { expect } from 'chai';
import { HitSampler } from '../../../lib/loading/freshness/hit-sampler.js';

describe('the hits that are looked at', () => {
  /** Of `hits` hits, with a load after each `hitsPerLoad`: those that were looked at, and for how many they stand. */
  function look(hits: number, hitsPerLoad: number): { looked: number; standFor: number } {
    let state = 5;
    const sampler = new HitSampler(() => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    });
    let [looked, standFor] = [0, 0];
    for (let i = 1; i <= hits; i++) {
      if (i % hitsPerLoad === 0) sampler.loaded();
      if (!sampler.hit()) continue;
      looked++;
      standFor += sampler.take();
    }
    return { looked, standFor };
  }

  it('are all of the first thousand', () => {
    expect(look(1_000, 50)).to.deep.equal({ looked: 1_000, standFor: 1_000 });
  });

  it('are about one for each load then, and one in 128 at least', () => {
    expect(look(101_000, 2).looked).to.be.closeTo(51_000, 1_500);
    expect(look(101_000, 10).looked).to.be.closeTo(11_000, 500);
    expect(look(101_000, 1_000_000).looked).to.be.closeTo(1_000 + 100_000 / 128, 100);
  });

  it('stand for all hits', () => {
    for (const hitsPerLoad of [1, 2, 10, 1_000_000]) {
      expect(look(101_000, hitsPerLoad).standFor).to.be.closeTo(101_000, 300);
    }
  });
});
