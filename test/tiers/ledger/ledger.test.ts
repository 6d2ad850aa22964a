import { expect } from 'chai';
import type { Evidence } from '../../../lib/redis/lineage.js';
import { Ledger } from '../../../lib/tiers/ledger/ledger.js';
import { LocalChanges } from '../../../lib/tiers/ledger/local-changes.js';
import { ManualClock } from '../../support/manual-clock.js';
import { STEADY, stampOf } from '../stamps.js';

const REIGN = { life: 'one', id: 'r1' };

function evidence(base: number): Evidence {
  const chain = [
    { id: 'r1', life: 'one', base: 0, openedAt: 1 },
    { id: 'r2', life: 'two', base, openedAt: 1 },
  ];
  return { life: 'two', chain, count: base, serial: 1, isOlderGeneration: false };
}

function build(max = 10): { ledger: Ledger; clock: ManualClock; overflows: () => number } {
  const clock = new ManualClock();
  let overflows = 0;
  const onOverflow = (): void => {
    overflows++;
  };
  const ledger = new Ledger({ clock, time: STEADY, max, lateWritesMs: 10_000, onOverflow });
  return { ledger, clock, overflows: () => overflows };
}

describe('Ledger', () => {
  it('blocks a key from its deferral to its confirmation', () => {
    const { ledger } = build();
    ledger.defer('a', 'change', stampOf(5));
    expect([
      ledger.blocks('a'),
      ledger.blocks('b'),
      ledger.limitOf('a'),
      ledger.limitOf('b'),
    ]).to.deep.equal([true, false, 5, 0]);
    expect(ledger.hasUnapplied).to.equal(true);
    expect(ledger.hasWork).to.equal(true);
    expect(ledger.waiting()).to.deep.equal([['a', stampOf(5)]]);
    ledger.confirm('a', stampOf(6), { seq: ledger.seq, reign: REIGN });
    expect(ledger.blocks('a')).to.equal(false);
    expect(ledger.acknowledged('a')).to.deep.include({ version: 6, stamp: stampOf(6) });
  });

  it('is settled by something newer of another process, too', () => {
    const { ledger } = build();
    ledger.defer('a', 'change', stampOf(5));
    ledger.overtaken('a', stampOf(6), ledger.seq);
    expect(ledger.blocks('a')).to.equal(false);
    expect(ledger.acknowledged('a')).to.equal(undefined);
  });

  it('has a change of generation that Redis lost told again, which is no overflow', () => {
    const { ledger, overflows } = build();
    ledger.recordBump(REIGN);
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 3 });
    expect(ledger.judge(evidence(2))).to.equal('intact');
    expect([ledger.blocksAll, ledger.hasUnapplied]).to.deep.equal([true, true]);
    expect(overflows()).to.equal(0);
    expect(ledger.counts).to.include({ entries: 1, overflows: 0 });
  });

  it('asks for an early fence once', () => {
    const { ledger } = build();
    const asked = Array.from({ length: 5_010 }, (_, i) =>
      ledger.confirm(`${i}`, stampOf(1), { seq: 0, reign: REIGN }),
    );
    expect(asked.filter(Boolean).length).to.equal(1);
  });

  it('blocks everything after an overflow, which it reports once', () => {
    const { ledger, overflows } = build(2);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) ledger.defer(key, 'change', stampOf(1));
    expect(overflows()).to.equal(1);
    expect([ledger.blocksAll, ledger.blocks('z')]).to.deep.equal([true, true]);
    expect(ledger.counts).to.deep.equal({ entries: 2, max: 2, overflows: 1 });
    ledger.bumped(ledger.flushMark);
    expect(ledger.blocksAll).to.equal(false);
  });

  it('filters cleared entries until Redis has a new generation', () => {
    const { ledger } = build();
    ledger.clearAll(stampOf(50));
    ledger.clearPattern('a*', stampOf(60));
    expect([ledger.clearedUpTo('a'), ledger.clearedUpTo('b')]).to.deep.equal([60, 50]);
    const mark = ledger.flushMark;
    ledger.clearAll(stampOf(70));
    ledger.bumped(mark);
    expect(ledger.clearedUpTo('a'), 'cleared after the mark').to.equal(70);
    ledger.bumped(ledger.flushMark);
    expect(ledger.clearedUpTo('a'), 'versions of a clock that was set back count').to.equal(0);
  });

  it('filters a pattern until late writes have run, and then a heartbeat was answered', () => {
    const { ledger, clock } = build();
    ledger.clearPattern('a*', stampOf(60));
    expect(ledger.awaitsSweep).to.equal(true);
    expect(ledger.counts.entries).to.equal(1);
    ledger.swept(ledger.patternSeq, REIGN);
    expect(ledger.awaitsSweep).to.equal(false);
    clock.jump(10_000);
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 1 });
    expect(ledger.clearedUpTo('a')).to.equal(60);
    clock.jump(1);
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 2 });
    expect(ledger.clearedUpTo('a')).to.equal(0);
  });

  it('turns too many waiting patterns into one change of generation', () => {
    for (const pattern of [(i: number) => `*${i}`, (i: number) => `p${i}*`]) {
      const { ledger } = build(100);
      for (let i = 0; i < 101; i++) ledger.clearPattern(pattern(i), stampOf(1));
      expect(ledger.blocksAll).to.equal(true);
      ledger.bumped(ledger.flushMark);
      expect([ledger.blocksAll, ledger.awaitsSweep]).to.deep.equal([false, false]);
    }
  });

  it('journals the changes that a server lacks again', () => {
    const { ledger } = build();
    ledger.confirm('a', stampOf(1, 2), { seq: 0, reign: REIGN });
    ledger.clearPattern('p*', stampOf(3));
    ledger.swept(ledger.patternSeq, REIGN);
    expect(ledger.hasUnfenced).to.equal(true);
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 4 });
    expect(ledger.hasUnfenced).to.equal(false);
    expect(ledger.judge(evidence(4))).to.equal('intact');
    expect(ledger.hasUnapplied).to.equal(false);
    expect(ledger.judge(evidence(3))).to.equal('intact');
    expect(ledger.waiting()).to.deep.equal([['a', stampOf(1, 2)]]);
    expect(ledger.awaitsSweep).to.equal(true);
  });

  it('flushes when a change of generation is lost', () => {
    const { ledger } = build();
    ledger.recordBump(REIGN);
    expect(ledger.judge(evidence(0))).to.equal('intact');
    expect(ledger.blocksAll).to.equal(true);
  });

  it('is amnesic until the generation was changed', () => {
    const { ledger, clock } = build();
    ledger.confirm('a', stampOf(1), { seq: 0, reign: REIGN });
    for (let i = 1; i < 70; i++) {
      ledger.beginFence()({ life: 'one', reign: 'r1', count: i });
      clock.jump(500);
    }
    expect(ledger.judge(evidence(0))).to.equal('amnesia');
    expect(ledger.judge(evidence(0)), 'the change of generation failed').to.equal('amnesia');
    ledger.recordBump({ life: 'two', id: 'r2' });
    expect(ledger.judge(evidence(0))).to.equal('intact');
  });

  it('tells which keys changed since a read began', () => {
    const { ledger } = build();
    const { position } = ledger;
    const after = ledger.begin('a');
    expect(ledger.position).to.equal(after);
    expect(ledger.isUnchangedSince('a', position)).to.equal(false);
    expect(ledger.isUnchangedSince('a', after)).to.equal(true);
    expect(ledger.isUnchangedSince('b', position)).to.equal(true);
    ledger.beginAll();
    expect(ledger.isUnchangedSince('b', after)).to.equal(false);
  });

  it('tells whether a change of a key was deferred later', () => {
    const { ledger } = build(2);
    expect(ledger.isDeferredSince('a', ledger.seq), 'nothing is deferred').to.equal(false);
    const before = ledger.seq;
    ledger.defer('a', 'change', stampOf(1));
    expect(ledger.isDeferredSince('a', before)).to.equal(true);
    expect(ledger.isDeferredSince('a', ledger.seq), 'before that').to.equal(false);
    expect(ledger.isDeferredSince('b', before), 'another key').to.equal(false);
    ledger.overflow();
    expect(ledger.isDeferredSince('b', before), 'any key may have been').to.equal(true);
    expect(ledger.isDeferredSince('b', ledger.seq)).to.equal(false);
  });

  it('has work while a key, a pattern or an acknowledged change may have to be sent again', () => {
    expect(build().ledger.hasWork).to.equal(false);
    const { ledger: changed } = build();
    changed.confirm('a', stampOf(1), { seq: 0, reign: REIGN });
    expect([changed.hasWork, changed.hasUnapplied]).to.deep.equal([true, false]);
    const { ledger: cleared } = build();
    cleared.clearPattern('a*', stampOf(1));
    expect([cleared.hasWork, cleared.hasUnapplied]).to.deep.equal([true, false]);
  });

  it('allows as many waiting patterns as keys', () => {
    const { ledger } = build(3);
    for (const name of ['a', 'b', 'c']) ledger.clearPattern(`${name}*`, stampOf(1));
    expect(ledger.blocksAll).to.equal(false);
    ledger.clearPattern('d*', stampOf(1));
    expect(ledger.blocksAll).to.equal(true);
  });

  it('trusts a server without a chain with nothing', () => {
    const { ledger } = build();
    ledger.confirm('a', stampOf(1), { seq: 0, reign: REIGN });
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 3 });
    const bare = { life: 'two', chain: [], count: 0, serial: 1, isOlderGeneration: false };
    expect(ledger.judge(bare)).to.equal('intact');
    expect(ledger.waiting()).to.deep.equal([['a', stampOf(1)]]);
  });

  it('tells nothing again to a server that opened with a new generation', () => {
    const { ledger } = build();
    ledger.confirm('a', stampOf(1), { seq: 0, reign: REIGN });
    ledger.beginFence()({ life: 'one', reign: 'r1', count: 3 });
    const chain = [{ id: 'r2', life: 'two', base: 0, openedAt: 0 }];
    const fresh = { life: 'two', chain, count: 0, serial: 1, isOlderGeneration: false };
    expect(ledger.judge(fresh)).to.equal('intact');
    expect(ledger.hasUnapplied).to.equal(false);
  });

  it('forgets loads that memory has evicted', () => {
    const { ledger } = build();
    ledger.defer('a', 'load', stampOf(1));
    ledger.dropLoad('a');
    expect(ledger.hasUnapplied).to.equal(false);
    ledger.flush();
    expect(ledger.blocksAll).to.equal(true);
  });
});

describe('LocalChanges', () => {
  it('tells which keys changed since a moment', () => {
    const changes = new LocalChanges();
    const before = changes.position;
    changes.record('a');
    const after = changes.position;
    expect([changes.isUnchanged('a', before), changes.isUnchanged('b', before)]).to.deep.equal([
      false,
      true,
    ]);
    expect(changes.isUnchanged('a', after)).to.equal(true);
    changes.noteAll();
    expect(changes.isUnchanged('b', after)).to.equal(false);
    expect(changes.isUnchanged('b', changes.position)).to.equal(true);
  });

  it('rather says that a key changed when there were many', () => {
    const changes = new LocalChanges();
    const before = changes.position;
    for (let i = 1; i <= 2_048; i++) changes.record(`${i}`);
    // The first 1,024 are forgotten.
    expect(changes.isUnchanged('1', before)).to.equal(false);
    expect(changes.isUnchanged('other', before)).to.equal(false);
    expect(changes.isUnchanged('other', before + 1_023)).to.equal(false);
    expect(changes.isUnchanged('other', before + 1_024)).to.equal(true);
    expect(changes.isUnchanged('1025', before + 1_024)).to.equal(false);
    expect(changes.isUnchanged('2048', before + 1_024)).to.equal(false);
  });
});
