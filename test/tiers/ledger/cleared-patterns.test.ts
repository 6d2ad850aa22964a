import { expect } from 'chai';
import { ClearedPatterns } from '../../../lib/tiers/ledger/cleared-patterns.js';
import { STEADY, stampOf } from '../stamps.js';

describe('ClearedPatterns', () => {
  it('says up to which version a key is cleared', () => {
    const patterns = new ClearedPatterns(STEADY);
    expect(patterns.limitOf('user:1')).to.equal(0);
    patterns.record('user:*', stampOf(10));
    patterns.record('*:1', stampOf(20));
    patterns.record('user:2', stampOf(5));
    expect(
      ['user:1', 'user:2', 'user', 'x:1', 'x'].map((key) => patterns.limitOf(key)),
    ).to.deep.equal([20, 10, 0, 20, 0]);
  });

  it('waits for a sweep that began after the clear', () => {
    const patterns = new ClearedPatterns(STEADY);
    patterns.record('a*', stampOf(1));
    const { seq } = patterns;
    patterns.record('b*', stampOf(2));
    expect(patterns.settle(seq, 100)).to.deep.equal([{ pattern: 'a*', stamp: stampOf(1) }]);
    expect(patterns.settle(seq, 100)).to.deep.equal([]);
    expect(patterns.waiting).to.equal(1);
    expect(patterns.limitOf('ab'), 'filters after the sweep').to.equal(1);
  });

  it('waits once more when it is cleared once more', () => {
    const patterns = new ClearedPatterns(STEADY);
    patterns.record('a*', stampOf(5));
    patterns.settle(patterns.seq, 1);
    patterns.record('a*', stampOf(3));
    patterns.record('a*', stampOf(3));
    expect(patterns.waiting).to.equal(1);
    expect(patterns.limitOf('a')).to.equal(5);
    patterns.dropSweptBefore(100);
    expect(patterns.isEmpty).to.equal(false);
  });

  it('forgets patterns some time after their sweep', () => {
    const patterns = new ClearedPatterns(STEADY);
    patterns.record('ab*', stampOf(1));
    patterns.record('ac*', stampOf(1));
    patterns.record('*x', stampOf(1));
    patterns.settle(patterns.seq, 10);
    patterns.dropSweptBefore(10);
    expect(patterns.limitOf('ab')).to.equal(1);
    patterns.dropSweptBefore(11);
    expect(patterns).to.include({ isEmpty: true, waiting: 0 });
    expect(patterns.limitOf('abx')).to.equal(0);
  });

  it('is cleared up to a mark', () => {
    const patterns = new ClearedPatterns(STEADY);
    patterns.record('a*', stampOf(1));
    const { seq } = patterns;
    patterns.record('b*', stampOf(1));
    patterns.clear(seq);
    expect([patterns.limitOf('a'), patterns.limitOf('b'), patterns.waiting]).to.deep.equal([
      0, 1, 1,
    ]);
    patterns.clear();
    expect(patterns.isEmpty).to.equal(true);
  });

  it('has too many only when too many wait: those that were swept go first', () => {
    const patterns = new ClearedPatterns(STEADY);
    for (let i = 0; i < 200; i++) {
      patterns.record(`*:${i}`, stampOf(1));
      patterns.settle(patterns.seq, i);
      expect(patterns.isTooMany).to.equal(false);
    }
    for (let i = 0; i < 64; i++) patterns.record(`?:${i}`, stampOf(1));
    expect(patterns.isTooMany).to.equal(false);
    for (let i = 0; i < 1_000; i++) patterns.record(`prefix:${i}:*`, stampOf(1));
    expect(patterns.isTooMany, 'prefixes cost a look-up').to.equal(false);
    patterns.record('?', stampOf(1));
    expect(patterns.isTooMany).to.equal(true);
  });
});
