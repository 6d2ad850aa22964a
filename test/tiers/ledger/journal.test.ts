import { expect } from 'chai';
import { Journal } from '../../../lib/tiers/ledger/journal.js';
import { LocalChanges } from '../../../lib/tiers/ledger/local-changes.js';
import { UnconfirmedWrites } from '../../../lib/tiers/ledger/unconfirmed-writes.js';

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

describe('the local changes', () => {
  it('tell whether a key was changed since a moment', () => {
    const localChanges = new LocalChanges();
    const since = localChanges.position;
    localChanges.note('k');
    expect(localChanges.isUnchanged('k', since)).to.equal(false);
    expect(localChanges.isUnchanged('other', since)).to.equal(true);
    expect(localChanges.isUnchanged('k', localChanges.position)).to.equal(true);
    localChanges.noteAll();
    expect(localChanges.isUnchanged('other', since)).to.equal(false);
  });

  it('would rather say changed than forget a change', () => {
    const localChanges = new LocalChanges();
    const since = localChanges.position;
    localChanges.note('k');
    for (let i = 0; i < 5_000; i++) localChanges.note(`k${i}`);
    expect(localChanges.isUnchanged('k', since)).to.equal(false);
    expect(localChanges.isUnchanged('never', since)).to.equal(false);
    expect(localChanges.isUnchanged('never', localChanges.position)).to.equal(true);
  });
});

describe('the unconfirmed writes', () => {
  const rejournaled = (unconfirmed: UnconfirmedWrites): Journal => {
    const journal = new Journal(100_000);
    unconfirmed.rejournal(journal, 0);
    return journal;
  };

  it('are those that no acknowledged fence covers', () => {
    const unconfirmed = new UnconfirmedWrites();
    unconfirmed.note('before');
    const confirm = unconfirmed.beginFence();
    unconfirmed.note('after');
    unconfirmed.notePattern('p:*');
    confirm();
    const journal = rejournaled(unconfirmed);
    expect(['before', 'after', 'p:1'].map((key) => journal.blocks(key))).to.deep.equal([
      false,
      true,
      true,
    ]);
  });

  it('include what lies before a fence that was not acknowledged', () => {
    const unconfirmed = new UnconfirmedWrites();
    unconfirmed.note('k');
    unconfirmed.beginFence();
    expect(rejournaled(unconfirmed).blocks('k')).to.equal(true);
    expect(rejournaled(unconfirmed).isEmpty).to.equal(true);
  });

  it('are everything when they are too many to be told apart', () => {
    const unconfirmed = new UnconfirmedWrites();
    for (let i = 0; i <= 10_000; i++) unconfirmed.note(`k${i}`);
    expect(rejournaled(unconfirmed).isOverflowed).to.equal(true);
  });
});
