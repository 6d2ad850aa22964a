import { expect } from 'chai';
import { type Label, survived } from '../../../lib/redis/lineage.js';
import {
  AcknowledgedWrites,
  type Lost,
  type Reign,
} from '../../../lib/tiers/ledger/acknowledged.js';
import { stampOf } from '../stamps.js';

const R1: Reign = { life: 'one', id: 'r1' };
const R2: Reign = { life: 'two', id: 'r2' };

/** The chain of a server that began R2 when R1 had counted to `base`. */
function afterFailover(writes: AcknowledgedWrites, base: number): Lost {
  const chain = [
    { id: 'r1', life: 'one', base: 0, openedAt: 1 },
    { id: 'r2', life: 'two', base, openedAt: 1 },
  ];
  return writes.takeLost((label) => survived(label, 'two', chain), R2, base);
}

const keysOf = (lost: Lost): string[] => lost.keys.map(([key]) => key);
const label = (count: number, { life, id }: Reign = R1): Label => ({ life, reign: id, count });

/** So many answered heartbeats, half a second apart. */
function beats(writes: AcknowledgedWrites, count: number, from: number): void {
  for (let i = 1; i <= count; i++) writes.beginFence()(label(100 + i), from + i * 500);
}

describe('AcknowledgedWrites', () => {
  it('labels the writes acknowledged before the fence was sent, and no later ones', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    const confirm = writes.beginFence();
    writes.record('b', stampOf(2), R1);
    confirm(label(7), 0);
    expect(writes.unfenced).to.equal(1);
    expect(keysOf(afterFailover(writes, 7))).to.deep.equal(['b']);
    expect(writes.get('a')?.version).to.equal(1);
    expect(writes.get('b')).to.equal(undefined);
  });

  it('takes out the writes behind the fences of the new reign', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.recordPattern('p*', stampOf(3), R1);
    writes.beginFence()(label(1), 0);
    writes.record('b', stampOf(2), R1);
    writes.recordPattern('q*', stampOf(4), R1);
    writes.beginFence()(label(2), 0);
    const lost = afterFailover(writes, 1);
    expect(keysOf(lost)).to.deep.equal(['b']);
    expect(lost.patterns).to.deep.equal([['q*', stampOf(4)]]);
    expect(lost).to.include({ isEverything: false, isAmnesia: false });
    expect(keysOf(afterFailover(writes, 0)), 'earlier fences are gone, too').to.deep.equal(['a']);
  });

  it('labels with a later fence what an unanswered one left out', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.beginFence();
    expect(writes.unfenced).to.equal(1);
    writes.beginFence()(label(5), 0);
    expect(writes.unfenced).to.equal(0);
    expect(keysOf(afterFailover(writes, 4))).to.deep.equal(['a']);
  });

  it('keeps the reign in which a write was acknowledged', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.record('b', stampOf(1), R2);
    expect(keysOf(afterFailover(writes, 9)), 'never fenced in its life').to.deep.equal(['a']);
  });

  it('says that everything must go when a change of generation is lost', () => {
    const writes = new AcknowledgedWrites();
    writes.recordBump(R1);
    writes.beginFence()(label(3), 0);
    expect(afterFailover(writes, 3)).to.include({ isEverything: false });
    expect(afterFailover(writes, 2)).to.include({ isEverything: true, isAmnesia: false });
    expect(afterFailover(writes, 2), 'told once').to.include({ isEverything: false });
  });

  it('drops after 30 s of answered heartbeats into the floor, whose loss is amnesia', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.recordPattern('a*', stampOf(1), R1);
    writes.beginFence()(label(5), 0);
    beats(writes, 59, 0);
    expect(writes.get('a')).to.not.equal(undefined);
    beats(writes, 1, 29_500);
    expect(writes.get('a')).to.equal(undefined);
    expect(afterFailover(writes, 5)).to.include({ isAmnesia: false, isEverything: false });
    const lost = afterFailover(writes, 4);
    expect(lost).to.include({ isAmnesia: true, isEverything: true });
    expect(afterFailover(writes, 4), 'until the generation was changed').to.include({
      isAmnesia: true,
    });
    writes.recordBump(R2);
    writes.beginFence()(label(1, R2), 0);
    expect(afterFailover(writes, 4)).to.include({ isAmnesia: false, isEverything: false });
  });

  it('does not count the time of an outage', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.beginFence()(label(5), 0);
    writes.beginFence()(label(6), 100_000);
    expect(writes.get('a')).to.not.equal(undefined);
  });

  it('drops the oldest of very many keys, at a heartbeat, labelled ones only', () => {
    const writes = new AcknowledgedWrites();
    for (let i = 0; i < 10_002; i++) writes.record(`${i}`, stampOf(1), R1);
    const confirm = writes.beginFence();
    writes.record('later', stampOf(1), R1);
    expect(writes.get('0')).to.not.equal(undefined);
    confirm(label(1), 0);
    expect(writes.get('2')).to.equal(undefined);
    expect(writes.get('3')).to.not.equal(undefined);
    expect(writes.get('later')).to.not.equal(undefined);
  });

  it('remembers the latest label that was dropped, not that of a pattern before it', () => {
    const writes = new AcknowledgedWrites();
    writes.recordPattern('p*', stampOf(1), R1);
    writes.beginFence()(label(1), 0);
    for (let i = 0; i < 10_001; i++) writes.record(`${i}`, stampOf(1), R1);
    writes.beginFence()(label(9), 500);
    beats(writes, 59, 500);
    const lost = afterFailover(writes, 0);
    expect([lost.patterns.length, lost.keys.length], 'all but one key').to.deep.equal([0, 10_000]);
    expect(afterFailover(writes, 8)).to.include({ isAmnesia: true });
  });

  it('counts from zero under a record that was made again in the same life', () => {
    const writes = new AcknowledgedWrites();
    writes.record('old', stampOf(1), R1);
    writes.beginFence()(label(50), 0);
    beats(writes, 60, 0);
    writes.record('a', stampOf(1), R1);
    writes.recordPattern('p*', stampOf(1), R1);
    writes.recordBump(R1);
    writes.record('b', stampOf(1), R1);
    writes.beginFence()(label(60), 40_000);
    const fresh: Reign = { life: 'one', id: 'new' };
    const chain = [{ id: 'new', life: 'one', base: 0, openedAt: 1 }];
    const lost = writes.takeLost((each) => survived(each, 'one', chain), fresh, 2);
    expect(lost).to.deep.include({ keys: [], patterns: [], isEverything: false });
    expect(writes.unfenced, 'they are fenced again').to.equal(4);
    writes.beginFence()(label(3, fresh), 40_500);
    const next = [...chain, { id: 'r2', life: 'two', base: 2, openedAt: 1 }];
    const later = writes.takeLost((each) => survived(each, 'two', next), R2, 2);
    expect(keysOf(later)).to.deep.equal(['a', 'b']);
    expect(later.isEverything).to.equal(true);
  });

  it('puts the floor above the count of a record that was made again', () => {
    const writes = new AcknowledgedWrites();
    writes.record('old', stampOf(1), R1);
    writes.beginFence()(label(50), 0);
    beats(writes, 60, 0);
    const chain = [{ id: 'new', life: 'one', base: 0, openedAt: 1 }];
    writes.takeLost((each) => survived(each, 'one', chain), { life: 'one', id: 'new' }, 2);
    const judged = (base: number): Lost => {
      const next = [...chain, { id: 'r2', life: 'two', base, openedAt: 1 }];
      return writes.takeLost((each) => survived(each, 'two', next), R2, base);
    };
    expect(judged(3).isAmnesia).to.equal(false);
    expect(judged(2).isAmnesia).to.equal(true);
  });

  it('is empty until a key, a pattern or a change of generation is acknowledged', () => {
    const writes = new AcknowledgedWrites();
    expect(writes.isEmpty).to.equal(true);
    const acts: ((writes: AcknowledgedWrites) => void)[] = [
      (each) => each.record('a', stampOf(1), R1),
      (each) => each.recordPattern('p*', stampOf(1), R1),
      (each) => each.recordBump(R1),
    ];
    for (const act of acts) {
      const filled = new AcknowledgedWrites();
      act(filled);
      expect([filled.isEmpty, filled.unfenced]).to.deep.equal([false, 1]);
    }
  });

  it('is not empty while a fenced key or pattern is kept, and empty when all was dropped', () => {
    for (const kind of ['key', 'pattern']) {
      const writes = new AcknowledgedWrites();
      if (kind === 'key') writes.record('a', stampOf(1), R1);
      else writes.recordPattern('p*', stampOf(1), R1);
      writes.beginFence()(label(5), 0);
      expect([writes.isEmpty, writes.unfenced], kind).to.deep.equal([false, 0]);
      beats(writes, 60, 0);
      expect(writes.isEmpty, kind).to.equal(true);
    }
  });

  it('keeps apart what two records of one life, and two lives of one record, acknowledged', () => {
    for (const other of [
      { life: 'one', id: 'other' },
      { life: 'other', id: 'r1' },
    ]) {
      const writes = new AcknowledgedWrites();
      writes.record('a', stampOf(1), R1);
      writes.record('b', stampOf(1), other);
      writes.record('c', stampOf(1), other);
      expect(writes.unfenced).to.equal(3);
      const asked: Label[] = [];
      writes.takeLost((each) => asked.push(each) > 0, R2, 0);
      expect(asked).to.deep.equal([label(0), label(0, other), label(0, other)]);
    }
  });

  it('does not label with a fence what was acknowledged in another reign while it was on its way', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    const confirm = writes.beginFence();
    writes.record('b', stampOf(2), R1);
    writes.record('c', stampOf(3), R2);
    confirm(label(7), 0);
    expect(writes.unfenced).to.equal(2);
    writes.beginFence()(label(8), 0);
    expect(writes.unfenced).to.equal(0);
  });

  it('forgets the floor when everything dropped lies behind a change of generation', () => {
    const writes = new AcknowledgedWrites();
    writes.record('a', stampOf(1), R1);
    writes.beginFence()(label(5), 0);
    beats(writes, 60, 0);
    writes.dropFloor();
    expect(afterFailover(writes, 4).isAmnesia).to.equal(false);
  });

  it('counts a change of generation from zero, too, under a record that was made again', () => {
    const writes = new AcknowledgedWrites();
    writes.recordBump(R1);
    writes.beginFence()(label(60), 0);
    const fresh: Reign = { life: 'one', id: 'new' };
    const chain = [{ id: 'new', life: 'one', base: 0, openedAt: 1 }];
    writes.takeLost((each) => survived(each, 'one', chain), fresh, 2);
    expect(writes.unfenced).to.equal(1);
    writes.beginFence()(label(3, fresh), 500);
    const next = [...chain, { id: 'r2', life: 'two', base: 3, openedAt: 1 }];
    const judged = writes.takeLost((each) => survived(each, 'two', next), R2, 3);
    expect(judged.isEverything).to.equal(false);
  });

  it('keeps the highest floor, whichever of a key and a pattern was dropped last', () => {
    const writes = new AcknowledgedWrites();
    writes.recordPattern('p*', stampOf(1), R1);
    writes.beginFence()(label(1), 0);
    writes.record('a', stampOf(1), R1);
    writes.beginFence()(label(2), 500);
    // One answered heartbeat drops both: first the key, then the pattern, whose label is lower.
    for (let i = 1; i <= 29; i++) writes.beginFence()(label(100 + i), 500 + i * 1_000);
    expect(writes.isEmpty).to.equal(false);
    writes.beginFence()(label(200), 31_000);
    expect(writes.isEmpty).to.equal(true);
    expect(afterFailover(writes, 1).isAmnesia).to.equal(true);
  });
});
