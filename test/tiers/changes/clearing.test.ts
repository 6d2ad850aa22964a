import { expect } from 'chai';
import { Failure } from '../../../lib/redis/failure.js';
import { LATE, LOST } from '../../support/fake-redis.js';
import { settle } from '../../support/manual-clock.js';
import { TierFixture } from '../../support/tier-fixture.js';
import { stampOf } from '../stamps.js';

/** Runs and answers everything that was sent, until nothing is. */
async function flow({ door }: TierFixture): Promise<void> {
  const { wire } = door.commands;
  for (let i = 0; i < 20; i++) {
    door.commands.pullAll();
    wire.run();
    wire.answer();
    await settle();
  }
}

describe('clear()', () => {
  it('makes everything unreachable by a new generation, and sweeps the dead slowly', async () => {
    const process = new TierFixture().open();
    for (const key of ['a', 'b']) await process.put(key, key);
    expect(await process.store.clear('*')).to.equal('applied');
    expect(process.door.bumps).to.equal(1);
    expect(await process.get('a')).to.equal(undefined);
    expect(process.server.redis.keys()).to.deep.equal(['p:a', 'p:b']);
    await process.put('c', 'new');
    await process.clock.advance(100);
    expect(process.server.redis.keys()).to.deep.equal(['p:c']);
    expect(process.clock.pending).to.equal(0);
  });

  it('sweeps nothing that is younger, also of a generation that it does not know', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    await process.store.clear('*');
    process.clock.jump(5);
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    await other.store.clear('*');
    await other.put('b', 'new');
    await process.clock.advance(100);
    expect(other.inRedis('b')).to.equal('new');
    expect(process.server.redis.keys()).to.deep.equal(['p:b']);
  });

  it('keeps a value that is set after its call, in the same turn', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    const cleared = process.store.clear('*');
    const set = process.put('a', 'new');
    expect(await process.get('a')).to.equal('new');
    expect(await Promise.all([cleared, set])).to.deep.equal(['applied', 'applied']);
    expect(process.inRedis('a')).to.equal('new');
    expect(await process.get('a')).to.equal('new');
  });

  it('keeps what is set after it also when another process clears at the same time', async () => {
    const process = new TierFixture().open();
    await settle();
    process.door.isAutomatic = false;
    const cleared = process.store.clear('*');
    const set = process.put('a', 'new');
    process.server.bump();
    process.door.hear();
    expect(await process.get('a')).to.equal('new');
    await flow(process);
    expect([await cleared, await set]).to.deep.equal(['applied', 'applied']);
    expect(process.inRedis('a')).to.equal('new');
  });

  it('returns nothing from before while it waits for its answer', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    await process.put('b', 'old');
    process.door.isAutomatic = false;
    void process.put('b', 'sent');
    process.door.commands.pull();
    void process.store.clear('*');
    const found = process.get('a');
    expect(await process.get('b')).to.equal(undefined);
    await flow(process);
    expect(await found).to.equal(undefined);
  });

  it('shares its outcome with the changes that waited', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    const set = process.put('a', 'before');
    const results: string[] = [];
    void set.then((result) => results.push(result));
    const cleared = process.store.clear('*');
    await settle();
    expect(results, 'nobody knows yet').to.deep.equal([]);
    await flow(process);
    expect([await set, await cleared]).to.deep.equal(['applied', 'applied']);
    expect(process.inRedis('a')).to.equal(undefined);
  });

  it('is deferred when Redis does not answer, and repeated under a new id', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.isAutomatic = false;
    const cleared = process.store.clear('*');
    const set = process.put('a', 'new');
    process.door.lose();
    expect([await cleared, await set]).to.deep.equal(['deferred', 'deferred']);
    expect(process.store.state.journal.entries).to.be.above(0);
    expect(await process.get('a')).to.equal('new');
    process.server.runGhosts();
    const lost = process.server.generation;
    process.door.isAutomatic = true;
    expect(await process.door.reconnect()).to.equal(true);
    expect(process.server.generation).to.not.equal(lost);
    expect(await process.get('a')).to.equal(undefined);
    expect(process.store.state.journal.entries).to.equal(0);
  });

  it('is tried again while the connection lives', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.commands.wire.answers.set('BUMP', [LATE, LATE]);
    expect(await process.store.clear('*')).to.equal('deferred');
    expect(await process.get('a')).to.equal(undefined);
    expect(await process.put('b', 'new')).to.equal('deferred');
    await process.clock.advance(70);
    expect(process.store.state.journal.entries).to.be.above(0);
    await process.clock.advance(200);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(process.door.bumps).to.equal(3);
  });

  it('replays changes that were lost before it', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    await process.put('a', 'one');
    const cleared = process.store.clear('*');
    process.shards.of('a').shard.ledger.defer('b', 'change', stampOf(5));
    expect(await cleared).to.equal('applied');
    expect(process.shards.of('a').shard.ledger.blocks('a')).to.equal(false);
    expect(process.shards.of('a').shard.ledger.blocks('b')).to.equal(true);
    await process.clock.advance(60);
    expect(process.store.state.journal.entries).to.equal(0);
  });
});

describe('clear(pattern)', () => {
  it('removes matching entries that are not younger, with one scan', async () => {
    const process = new TierFixture().open();
    for (const key of ['a1', 'a2', 'b1']) await process.put(key, 'old');
    const cleared = process.store.clear('a*');
    const set = process.put('a2', 'new');
    expect(await process.get('a1')).to.equal(undefined);
    expect(await Promise.all([cleared, set])).to.deep.equal(['applied', 'applied']);
    expect(['a1', 'a2', 'b1'].map((key) => process.inRedis(key))).to.deep.equal([
      undefined,
      'new',
      'old',
    ]);
    expect(await process.get('b1')).to.equal('old');
  });

  it('scans once for all patterns that wait', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    const all = ['a*', 'b*', 'c*'].map((pattern) => process.store.clear(pattern));
    await settle();
    expect(process.door.commands.wire.unrun).to.deep.equal(['SCAN']);
    const later = process.store.clear('d*');
    await settle();
    expect(process.door.commands.wire.unrun.length).to.equal(1);
    await flow(process);
    expect(await Promise.all(all)).to.deep.equal(['applied', 'applied', 'applied']);
    expect(await later).to.equal('applied');
  });

  it('waits for its own changes that were sent, whose script may have been forgotten', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    process.server.forgetScripts();
    const set = process.put('a', 'before');
    process.door.commands.pull();
    const cleared = process.store.clear('a*');
    expect(await process.get('a')).to.equal(undefined);
    await flow(process);
    expect([await set, await cleared]).to.deep.equal(['applied', 'applied']);
    expect(process.inRedis('a')).to.equal(undefined);
  });

  it('does not count a scan for a pattern whose sent changes may still run', async () => {
    const process = new TierFixture().open();
    await settle();
    process.door.isAutomatic = false;
    process.server.forgetScripts();
    const earlier = [process.store.clear('b*'), process.store.clear('c*')];
    await settle();
    const set = process.put('a', 'before');
    const { wire } = process.door.commands;
    process.door.commands.pull();
    const cleared = process.store.clear('a*');
    expect(wire.unrun).to.deep.equal(['SCAN', 'WRITE']);
    wire.run();
    wire.run();
    wire.answer();
    await settle();
    await flow(process);
    expect(await Promise.all([...earlier, set, cleared])).to.deep.equal(
      new Array(4).fill('applied'),
    );
    expect(process.inRedis('a')).to.equal(undefined);
  });

  it('filters in an outage, and sweeps when Redis is back, which is read before that', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    await process.put('b', 'old');
    process.door.lose();
    expect(await process.store.clear('a*')).to.equal('deferred');
    expect(process.shards.hasWork).to.equal(true);
    process.door.isAutomatic = false;
    expect(await process.door.reconnect()).to.equal(true);
    const read = [process.get('a'), process.get('b')];
    await flow(process);
    expect(await Promise.all(read)).to.deep.equal([undefined, 'old']);
    expect(process.inRedis('a')).to.equal(undefined);
    expect(process.store.state.journal.entries).to.equal(0);
  });

  it('asks a step that timed out again, three times, and then later', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.commands.wire.answers.set('SCAN', [LATE, LATE]);
    expect(await process.store.clear('a*')).to.equal('applied');
    await process.put('a', 'old');
    process.door.commands.wire.answers.set('SCAN', [LATE, LATE, LATE]);
    expect(await process.store.clear('a*')).to.equal('deferred');
    expect(await process.get('a'), 'filtered').to.equal(undefined);
    expect(process.door.reports.length).to.equal(1);
    process.door.commands.wire.answers.set('SWEEP', [LATE]);
    await process.clock.advance(400);
    expect(process.inRedis('a'), 'the sweep failed').to.equal('old');
    await process.clock.advance(800);
    expect(process.inRedis('a')).to.equal(undefined);
    expect(process.clock.pending).to.equal(0);
  });

  it('changes the generation where keys cannot be looked for', async () => {
    const process = new TierFixture().open();
    for (const key of ['a', 'b']) await process.put(key, 'old');
    process.door.isAutomatic = false;
    const refusal = new Failure('command', 'permission', new Error('NOPERM no right to scan'));
    process.door.commands.wire.answers.set('SCAN', [refusal]);
    const cleared = process.store.clear('a*');
    await settle();
    process.door.commands.wire.run();
    process.door.commands.wire.answer();
    await settle();
    const set = process.put('b', 'new');
    await flow(process);
    expect([await cleared, await set]).to.deep.equal(['applied', 'applied']);
    expect([process.inRedis('a'), process.inRedis('b')]).to.deep.equal([undefined, 'new']);
    const again = process.store.clear('a*');
    await settle();
    expect(process.door.commands.wire.unrun).to.deep.equal(['BUMP']);
    process.door.commands.wire.answers.set('BUMP', [LOST]);
    await flow(process);
    expect(await again).to.equal('deferred');
  });

  it('becomes a change of generation when too many wait', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.lose();
    for (let i = 0; i < 70; i++) await process.store.clear(`*${i}`);
    expect(process.told).to.include('overflowed');
    await process.door.reconnect();
    expect(process.door.bumps).to.equal(1);
    expect(process.store.state.journal.entries).to.equal(0);
  });

  it('says nothing for keys that are not ours, and stops with the connection', async () => {
    const process = new TierFixture().open();
    process.server.redis.execute(['SET', 'p:foreign', 'text']);
    process.server.redis.execute(['SET', 'q:a', 'text']);
    expect(await process.store.clear('f*')).to.equal('applied');
    expect(process.server.redis.keys()).to.deep.equal(['p:foreign', 'q:a']);
    process.door.isAutomatic = false;
    const cleared = process.store.clear('*');
    await flow(process);
    await cleared;
    process.door.lose();
    await process.clock.advance(1_000);
    expect(process.clock.pending).to.equal(0);
  });
});
