import { expect } from 'chai';
import { Journal } from '../../../lib/tiers/ledger/journal.js';
import { stampOf } from '../stamps.js';

describe('Journal', () => {
  it('keeps one entry per key, in the order they were recorded, with the highest limit', () => {
    const journal = new Journal(10);
    journal.record('a', 'change', stampOf(5));
    journal.record('b', 'change', stampOf(6));
    journal.record('a', 'change', stampOf(3));
    expect(journal.entries().map(([key]) => key)).to.deep.equal(['b', 'a']);
    expect(journal.get('a')?.stamp.high).to.equal(5);
    expect(journal.size).to.equal(2);
    expect(journal.isEmpty).to.equal(false);
  });

  it('is settled by a change that was sent after the record and is as new', () => {
    const journal = new Journal(10);
    journal.record('a', 'change', stampOf(5));
    const { seq } = journal;
    journal.settle('a', seq - 1, 9);
    expect(journal.has('a'), 'sent before the record').to.equal(true);
    journal.settle('a', seq, 4);
    expect(journal.has('a'), 'older than the record').to.equal(true);
    journal.settle('a', seq, 5);
    expect(journal.isEmpty).to.equal(true);
    journal.settle('b', seq, 5);
  });

  it('does not let a load replace a promise, nor push one out', () => {
    const journal = new Journal(2);
    journal.record('a', 'change', stampOf(1));
    journal.record('a', 'load', stampOf(9));
    expect(journal.get('a')).to.deep.include({ op: 'change', stamp: stampOf(1) });
    journal.record('b', 'load', stampOf(1));
    journal.record('b', 'load', stampOf(2));
    journal.record('c', 'load', stampOf(1));
    expect(journal.entries().map(([key]) => key)).to.deep.equal(['a', 'b']);
  });

  it('makes room for a promise by forgetting the oldest load', () => {
    const journal = new Journal(3);
    for (const key of ['a', 'b']) journal.record(key, 'load', stampOf(1));
    journal.record('c', 'change', stampOf(1));
    expect(journal.record('d', 'change', stampOf(1))).to.equal(false);
    expect(journal.entries().map(([key]) => key)).to.deep.equal(['b', 'c', 'd']);
    expect(journal.isOverflowed).to.equal(false);
  });

  it('collapses into one change of generation when promises have no room', () => {
    const journal = new Journal(2);
    journal.record('a', 'change', stampOf(1));
    journal.record('b', 'change', stampOf(1));
    expect(journal.record('c', 'change', stampOf(1))).to.equal(true);
    expect(journal).to.include({ isOverflowed: true, isEmpty: false, size: 2, overflows: 1 });
    expect(journal.entries().map(([key]) => key)).to.deep.equal([]);
    expect(journal.overflow(), 'still the same overflow').to.equal(false);
    journal.settleAll(journal.seq);
    expect(journal).to.include({ isOverflowed: false, isEmpty: true, size: 0 });
    expect(journal.overflow()).to.equal(true);
    expect(journal.overflows).to.equal(2);
  });

  it('is settled by a change of generation up to the moment at which that was sent', () => {
    const journal = new Journal(9);
    journal.record('a', 'change', stampOf(1));
    journal.flush();
    journal.record('b', 'change', stampOf(1));
    const mark = journal.seq;
    journal.record('c', 'change', stampOf(1));
    journal.settleAll(mark);
    expect(journal.isOverflowed).to.equal(false);
    expect(journal.entries().map(([key]) => key)).to.deep.equal(['c']);
    journal.flush();
    journal.settleAll(mark);
    expect(journal.isOverflowed, 'flushed after the mark').to.equal(true);
    expect(journal.size).to.equal(1);
  });

  it('forgets loads of which memory has nothing, and no promises', () => {
    const journal = new Journal(9);
    journal.record('a', 'change', stampOf(1));
    journal.record('b', 'load', stampOf(1));
    for (const key of ['a', 'b', 'c']) journal.dropLoad(key);
    expect(journal.entries().map(([key]) => key)).to.deep.equal(['a']);
  });
});
