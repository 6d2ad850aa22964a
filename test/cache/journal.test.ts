import { expect } from 'chai';
import { Journal } from '../../lib/cache/journal.js';
import { Mutations } from '../../lib/cache/mutations.js';
import { RecentWrites } from '../../lib/cache/recent-writes.js';

const DAY = 24 * 3_600_000;

describe('the journal', () => {
  it('keeps the last operation of each key', () => {
    const journal = new Journal(10);
    journal.record('k', 'set', 0);
    journal.record('k', 'delete', 0);
    expect(journal.size).to.equal(1);
    expect(journal.blocks('k')).to.equal(true);
    expect(journal.blocks('other')).to.equal(false);
  });

  it('lets a key go when something sent after its record was acknowledged, and not before', () => {
    const journal = new Journal(10);
    const before = journal.seq;
    journal.record('k', 'delete', 0);
    journal.settle('k', before);
    expect(journal.blocks('k')).to.equal(true);
    journal.settle('k', journal.seq);
    expect(journal.isEmpty).to.equal(true);
  });

  it('blocks what a cleared pattern matches', () => {
    const journal = new Journal(10);
    journal.recordPattern('products:*', 0);
    expect([journal.blocks('products:1'), journal.blocks('users:1')]).to.deep.equal([true, false]);
    journal.settlePattern('products:*', journal.seq);
    expect(journal.isEmpty).to.equal(true);
  });

  it('collapses when one more promise has no room, and blocks everything until the generation changed', () => {
    const journal = new Journal(3);
    const overflowed = ['a', 'b', 'c', 'd'].map((key) => journal.record(key, 'delete', 0));
    expect(overflowed).to.deep.equal([false, false, false, true]);
    expect([journal.size, journal.blocks('never seen')]).to.deep.equal([3, true]);
    journal.record('e', 'set', 0);
    journal.settleOverflow(journal.seq);
    expect([journal.blocks('never seen'), journal.blocks('e')]).to.deep.equal([false, true]);
  });

  it('forgets loaded values before it collapses, and never lets them push a promise out', () => {
    const journal = new Journal(2);
    journal.record('loaded', 'load', 0);
    journal.record('a', 'set', 0);
    expect(journal.record('b', 'set', 0)).to.equal(false);
    expect(journal.blocks('loaded')).to.equal(false);
    expect(journal.record('another', 'load', 0)).to.equal(false);
    expect([journal.blocks('another'), journal.size]).to.deep.equal([false, 2]);
    journal.record('a', 'load', 0);
    journal.dropLoad('a');
    expect(journal.blocks('a')).to.equal(true);
  });

  it('forgets what is older than any value can be', () => {
    const journal = new Journal(10);
    journal.record('old', 'delete', 0);
    journal.prune(DAY);
    expect(journal.blocks('old')).to.equal(true);
    journal.prune(DAY + 1);
    expect(journal.blocks('old')).to.equal(false);
    journal.noteLife(3 * DAY);
    journal.record('long', 'delete', 0);
    journal.prune(3 * DAY);
    expect(journal.blocks('long')).to.equal(true);
  });
});

describe('the mutations', () => {
  it('tell whether a key was changed since a moment', () => {
    const mutations = new Mutations();
    const since = mutations.now;
    mutations.note('k');
    expect(mutations.isUnchanged('k', since)).to.equal(false);
    expect(mutations.isUnchanged('other', since)).to.equal(true);
    expect(mutations.isUnchanged('k', mutations.now)).to.equal(true);
    mutations.noteAll();
    expect(mutations.isUnchanged('other', since)).to.equal(false);
  });

  it('would rather say changed than forget a change', () => {
    const mutations = new Mutations();
    const since = mutations.now;
    mutations.note('k');
    for (let i = 0; i < 5_000; i++) mutations.note(`k${i}`);
    expect(mutations.isUnchanged('k', since)).to.equal(false);
    expect(mutations.isUnchanged('never', since)).to.equal(false);
    expect(mutations.isUnchanged('never', mutations.now)).to.equal(true);
  });
});

describe('the recent writes', () => {
  const rejournaled = (recent: RecentWrites): Journal => {
    const journal = new Journal(100_000);
    recent.rejournal(journal, 0);
    return journal;
  };

  it('are those that no acknowledged fence covers', () => {
    const recent = new RecentWrites();
    recent.note('before');
    const confirm = recent.beginFence();
    recent.note('after');
    recent.notePattern('p:*');
    confirm();
    const journal = rejournaled(recent);
    expect(['before', 'after', 'p:1'].map((key) => journal.blocks(key))).to.deep.equal([
      false,
      true,
      true,
    ]);
  });

  it('include what lies before a fence that was not acknowledged', () => {
    const recent = new RecentWrites();
    recent.note('k');
    recent.beginFence();
    expect(rejournaled(recent).blocks('k')).to.equal(true);
    expect(rejournaled(recent).isEmpty).to.equal(true);
  });

  it('are everything when they are too many to be told apart', () => {
    const recent = new RecentWrites();
    for (let i = 0; i <= 10_000; i++) recent.note(`k${i}`);
    expect(rejournaled(recent).isOverflowed).to.equal(true);
  });
});
