import { expect } from 'chai';
import { versionOf } from '../../../lib/entry/entry.js';
import type { Lease } from '../../../lib/tiers/store.js';
import { LATE } from '../../support/fake-redis.js';
import { settle } from '../../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../../support/tier-fixture.js';
import { stampOf } from '../stamps.js';

async function claim(process: TierFixture, key: string, mode: 'load' | 'refresh' = 'load') {
  const [claimed] = await process.store.claim([key], mode);
  if (claimed === undefined) throw new Error('no claim');
  return claimed;
}

async function granted(process: TierFixture, key: string): Promise<Lease> {
  const claimed = await claim(process, key);
  if (claimed.kind !== 'granted') throw new Error(`not granted: ${claimed.kind}`);
  return claimed.lease;
}

const fill = (process: TierFixture, key: string, lease: Lease | undefined, payload = 'loaded') =>
  process.store.fill([{ key, lease, value: value(payload) }]);

describe('Claims', () => {
  it('grants, holds, gives a value, and grants over a value that is to be refreshed', async () => {
    const process = new TierFixture().open();
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    const lease = await granted(process, 'a');
    expect(lease).to.include({ key: 'a', isVoid: false });
    expect((await claim(other, 'a')).kind).to.equal('held');
    await fill(process, 'a', lease);
    expect(payloadOf(process.store.peek('a'))).to.equal('loaded');
    const found = await claim(other, 'a');
    expect(found.kind === 'value' && [payloadOf(found.found), found.found.isStale]).to.deep.equal([
      'loaded',
      false,
    ]);
    expect((await claim(other, 'a', 'refresh')).kind).to.equal('granted');
  });

  it('dates a loaded value by its grant, and lets it live from its storing on', async () => {
    const process = new TierFixture().open();
    process.clock.jump(7);
    const at = Math.floor(process.server.nowMs * 1_000);
    const lease = await granted(process, 'a');
    await process.clock.advance(450);
    await fill(process, 'a', lease);
    const entry = process.server.entry('p:a') ?? '';
    expect(versionOf(entry)).to.equal(at);
    process.clock.jump(59_990);
    expect(await process.get('a')).to.equal('loaded');
    process.clock.jump(20);
    expect(await process.get('a')).to.equal(undefined);
  });

  it('does not store under a lease that a change of another process has taken', async () => {
    const process = new TierFixture().open();
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    const lease = await granted(process, 'a');
    await other.store.remove('a');
    await fill(process, 'a', lease);
    expect(process.inRedis('a')).to.equal(undefined);
    expect(process.store.peek('a')).to.equal(undefined);
  });

  it('stores nothing while the key is being changed, or when it was', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    process.door.isAutomatic = false;
    void process.store.remove('a');
    void fill(process, 'a', lease);
    void fill(process, 'a', undefined);
    await settle();
    expect(process.door.commands.wire.unrun).to.deep.equal([]);
    expect(process.store.peek('a')).to.equal(undefined);
  });

  it('does not put a loaded value over a newer one in memory', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    process.door.isAutomatic = false;
    const filled = fill(process, 'a', lease);
    await settle();
    void process.put('a', 'mine');
    process.door.commands.wire.run();
    process.door.commands.wire.answer();
    await filled;
    expect(payloadOf(process.store.peek('a'))).to.equal('mine');
    const process2 = new TierFixture().open();
    const early = await granted(process2, 'a');
    await process2.put('a', 'mine');
    await fill(process2, 'a', early);
    expect(payloadOf(process2.store.peek('a'))).to.equal('mine');
    expect(process2.inRedis('a')).to.equal('mine');
  });

  it('does not store a value that was loaded under another generation', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    await process.store.clear('*');
    await fill(process, 'a', lease);
    expect(process.inRedis('a')).to.equal(undefined);
    const next = await granted(process, 'b');
    process.door.isAutomatic = false;
    const filled = fill(process, 'b', next);
    await settle();
    process.door.commands.wire.run();
    process.door.generation = 'heard1';
    process.door.commands.wire.answer();
    await filled;
    expect(process.store.peek('b')).to.equal(undefined);
  });

  it('waits behind its own unanswered change, and behind a clear', async () => {
    const process = new TierFixture().open();
    await settle();
    process.door.isAutomatic = false;
    const { wire } = process.door.commands;
    void process.store.remove('a');
    const asked = process.store.claim(['a', 'b'], 'load');
    await settle();
    expect(wire.unrun).to.deep.equal([]);
    process.door.commands.pull();
    wire.run();
    wire.answer();
    await settle();
    expect(wire.unrun).to.deep.equal(['CLAIM_OVER']);
    wire.run();
    wire.answer();
    expect((await asked).map(({ kind }) => kind)).to.deep.equal(['granted', 'granted']);
    void process.store.clear('*');
    void process.store.claim(['c'], 'load');
    await settle();
    expect(wire.unrun).to.deep.equal(['BUMP']);
    wire.run();
    wire.answer();
    await settle();
    expect(wire.unrun).to.deep.equal(['CLAIM_OVER']);
    process.shards.close();
  });

  it('loads over a value that may not be believed', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.isAutomatic = false;
    void process.store.clear('a*');
    await settle();
    const asked = process.store.claim(['a'], 'load');
    await settle();
    expect(process.door.commands.wire.unrun).to.deep.equal(['SCAN', 'CLAIM_OVER']);
    process.door.isAutomatic = true;
    process.door.commands.wire.drain();
    expect((await asked)[0]?.kind).to.equal('granted');
    process.shards.close();
  });

  it('does not believe a value that is older than its own change', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    const text = process.server.redis.peek('p:a') as string;
    process.clock.jump(100);
    await process.store.remove('a');
    process.server.redis.execute(['SET', 'p:a', text]);
    expect((await claim(process, 'a')).kind).to.equal('granted');
    process.shards.close();
  });

  it('has nothing to claim where Redis is not used for the key', async () => {
    const process = new TierFixture().open();
    process.shards.of('a').shard.ledger.defer('a', 'change', stampOf(5));
    expect((await process.store.claim(['a', 'b'], 'load')).map(({ kind }) => kind)).to.deep.equal([
      'none',
      'granted',
    ]);
    process.door.go({ name: 'settling', reason: 'data_replaced', until: 0 });
    expect((await claim(process, 'c')).kind).to.equal('none');
    process.door.lose();
    expect((await claim(process, 'c')).kind).to.equal('none');
    process.shards.close();
  });

  it('reports a failed claim once', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('CLAIM_OVER', [LATE]);
    expect((await process.store.claim(['a', 'b'], 'load')).map(({ kind }) => kind)).to.deep.equal([
      'none',
      'none',
    ]);
    expect(process.door.reports).to.deep.equal([LATE]);
  });

  it('keeps a value loaded in an outage in memory alone, for outageTtl, and deletes its key in Redis later', async () => {
    const process = new TierFixture().open();
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    const lease = await granted(process, 'b');
    process.door.lose();
    await fill(process, 'a', undefined, 'in the outage');
    await fill(process, 'b', lease, 'begun before');
    expect(await process.get('a')).to.equal('in the outage');
    expect(await process.get('b')).to.equal('begun before');
    process.clock.jump(10);
    await other.put('a', 'newer');
    await process.door.reconnect();
    expect(await process.get('a')).to.equal('newer');
    process.door.lose();
    await fill(process, 'c', undefined);
    process.clock.jump(5_001);
    expect(await process.get('c')).to.equal(undefined);
  });

  it('keeps in memory what cannot be written, and nothing without a lease in normal mode', async () => {
    const process = new TierFixture().open();
    await fill(process, 'a', undefined);
    expect(process.store.peek('a')).to.equal(undefined);
    expect(process.store.state.journal.entries).to.equal(0);
    process.door.go({ name: 'read-only', reason: 'out_of_memory', nextAttemptAt: 0 });
    await fill(process, 'a', undefined);
    expect(await process.get('a')).to.equal('loaded');
  });

  it('keeps a value in memory whose storing is not confirmed', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    process.door.commands.wire.answers.set('FILL', [LATE]);
    await fill(process, 'a', lease);
    expect(process.store.peek('a')).to.not.equal(undefined);
    expect(process.shards.of('a').shard.ledger.blocks('a')).to.equal(true);
    expect(process.door.reports).to.deep.equal([LATE]);
    await process.clock.advance(60);
    expect(process.store.state.journal.entries).to.equal(0);
  });

  it('forgets the journal entry of a load that memory evicts', async () => {
    const process = new TierFixture({ memory: { max: 2, maxBytes: 10_000 } }).open();
    process.door.lose();
    for (const key of ['a', 'b', 'c', 'd']) await fill(process, key, undefined);
    expect(process.store.state.journal.entries).to.equal(2);
  });

  it('keeps loads without Redis', async () => {
    const process = new TierFixture({ doors: 0 }).open();
    expect((await claim(process, 'a')).kind).to.equal('none');
    await fill(process, 'a', undefined);
    process.clock.jump(20_000);
    expect(await process.get('a')).to.equal('loaded');
  });
});

describe('LeaseKeeper', () => {
  it('renews all leases in one command, and stops when there are none', async () => {
    const process = new TierFixture().open();
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    const leases = [await granted(process, 'a'), await granted(process, 'b')];
    await process.clock.advance(3_000);
    expect((await claim(other, 'a')).kind).to.equal('held');
    for (const lease of leases) lease.release();
    await settle();
    expect(process.clock.pending).to.equal(0);
    expect((await claim(other, 'a')).kind).to.equal('granted');
    other.shards.close();
  });

  it('ends a lease only when Redis says that it is void', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    process.door.commands.wire.answers.set('RENEW', [LATE]);
    await process.clock.advance(250);
    expect(lease.isVoid).to.equal(false);
    expect(process.door.reports).to.deep.equal([LATE]);
    await process.clock.advance(200);
    expect(lease.isVoid).to.equal(false);
    process.server.redis.execute(['DEL', 'p:a']);
    await process.clock.advance(200);
    expect(lease.isVoid).to.equal(true);
    expect(process.clock.pending).to.equal(0);
    const before = process.server.redis.calls('EVALSHA');
    lease.release();
    await settle();
    expect(process.server.redis.calls('EVALSHA'), 'it is not given back').to.equal(before);
  });

  it('goes on when the connection is away for a moment', async () => {
    const process = new TierFixture().open();
    const lease = await granted(process, 'a');
    process.door.lose();
    await process.clock.advance(250);
    await process.door.reconnect();
    await process.clock.advance(250);
    expect(lease.isVoid).to.equal(false);
    await fill(process, 'a', lease);
    expect(process.inRedis('a')).to.equal('loaded');
  });

  it('gives back no abandoned lease, and reports a failure to give one back', async () => {
    const process = new TierFixture().open();
    const [a, b] = [await granted(process, 'a'), await granted(process, 'b')];
    a.abandon();
    expect(process.server.redis.peek('p:a')).to.not.equal(undefined);
    process.door.commands.wire.answers.set('RELEASE', [LATE]);
    b.release();
    await settle();
    expect(process.door.reports).to.deep.equal([LATE]);
  });

  it('has no timer after the end, also when a renewal was in flight', async () => {
    const process = new TierFixture().open();
    await granted(process, 'a');
    process.door.isAutomatic = false;
    await process.clock.advance(210);
    process.shards.close();
    await settle();
    expect(process.clock.pending).to.equal(0);
  });
});
