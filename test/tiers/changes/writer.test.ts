import { expect } from 'chai';
import { versionOf } from '../../../lib/entry/entry.js';
import { KIND_AT } from '../../../lib/entry/layout.js';
import { PREFIX } from '../../support/fake-door.js';
import { settle } from '../../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../../support/tier-fixture.js';

function held(): TierFixture {
  const process = new TierFixture().open();
  process.door.isAutomatic = false;
  return process;
}

/** Sends, runs and answers everything, once. */
async function pass({ door }: TierFixture): Promise<void> {
  const { commands } = door;
  commands.pullAll();
  while (commands.wire.unrun.length > 0) commands.wire.run();
  while (commands.wire.unanswered.length > 0) commands.wire.answer();
  await settle();
}

const slotOf = (process: TierFixture, key: string): string =>
  process.server.redis.peek(PREFIX + key) as string;

describe('Writer', () => {
  it('lets the later call win in any stall, in memory and in Redis', async () => {
    const process = held();
    const first = process.put('a', 'one');
    process.door.commands.pull();
    const second = process.put('a', 'two');
    const third = process.store.remove('a');
    const fourth = process.put('a', 'four');
    expect(await process.get('a')).to.equal('four');
    await pass(process);
    expect(process.inRedis('a')).to.equal('one');
    expect(await first).to.equal('applied');
    await pass(process);
    expect(await Promise.all([second, third, fourth])).to.deep.equal([
      'applied',
      'applied',
      'applied',
    ]);
    expect(process.inRedis('a')).to.equal('four');
  });

  it('drops a value when it is deleted, with and without an answer of Redis', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    process.door.lose();
    expect(await process.get('a')).to.equal('one');
    expect(await process.store.remove('a')).to.equal('deferred');
    expect(await process.get('a')).to.equal(undefined);
  });

  it('stores the stamp of the call, not of the sending', async () => {
    const process = held();
    process.clock.jump(5);
    const { low } = process.door.time.stamp();
    void process.put('a', 'one');
    void process.store.remove('b');
    await settle();
    process.clock.jump(400);
    await pass(process);
    expect(versionOf(slotOf(process, 'a'))).to.equal(low);
    expect(versionOf(slotOf(process, 'b'))).to.equal(low);
  });

  it('loses against a later call of another process', async () => {
    const one = held();
    const two = new TierFixture({ clock: one.clock, server: one.server }).open();
    const early = one.put('a', 'early');
    const removed = one.store.remove('b');
    one.clock.jump(5);
    await two.put('a', 'late');
    await two.put('b', 'late');
    await pass(one);
    expect([await early, await removed]).to.deep.equal(['applied', 'applied']);
    expect([one.inRedis('a'), one.inRedis('b')]).to.deep.equal(['late', 'late']);
    expect(one.store.peek('a'), 'memory is behind').to.equal(undefined);
  });

  describe('that Redis calls older than what is there', () => {
    let one: TierFixture;
    let two: TierFixture;
    let prove: (isProven: boolean) => void;

    beforeEach(async () => {
      one = held();
      two = new TierFixture({ clock: one.clock, server: one.server }).open();
      one.door.proves = () =>
        new Promise((resolve) => {
          prove = resolve;
        });
      for (const key of ['a', 'b']) void one.put(key, 'early');
      void one.store.remove('b');
      one.clock.jump(5);
      for (const key of ['a', 'b']) await two.put(key, 'late');
      await pass(one);
    });

    it('is what this process reads until a heartbeat has shown that its clock is right', async () => {
      expect([await one.get('a'), await one.get('b')]).to.deep.equal(['early', undefined]);
      prove(true);
      await settle();
      one.door.isAutomatic = true;
      expect([await one.get('a'), await one.get('b')]).to.deep.equal(['late', 'late']);
      expect(one.store.state.journal.entries).to.equal(0);
    });

    it('is lost if no heartbeat shows that: it is replayed, and memory holds its value until then', async () => {
      prove(false);
      await settle();
      expect([await one.get('a'), await one.get('b')]).to.deep.equal(['early', undefined]);
      expect(one.store.state.journal.entries).to.equal(2);
    });

    it('makes later changes of its key wait, and sends them then', async () => {
      const later = one.put('a', 'last');
      await pass(one);
      expect(one.inRedis('a')).to.equal('late');
      one.door.isAutomatic = true;
      prove(true);
      expect(await later).to.equal('applied');
      expect(one.inRedis('a')).to.equal('last');
    });
  });

  it('keeps its own later value in memory when an earlier change came too late', async () => {
    const one = held();
    const two = new TierFixture({ clock: one.clock, server: one.server }).open();
    void one.put('a', 'early');
    one.door.commands.pull();
    one.clock.jump(5);
    await two.put('a', 'middle');
    one.clock.jump(5);
    void one.put('a', 'last');
    one.door.commands.wire.run();
    one.door.commands.wire.answer();
    await settle();
    expect(payloadOf(one.store.peek('a'))).to.equal('last');
    await pass(one);
    expect(one.inRedis('a')).to.equal('last');
  });

  it('replays lost changes, above them and below later calls of other processes', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'zero');
    process.door.isAutomatic = false;
    process.clock.jump(5);
    const lost = process.put('a', 'one');
    const waits = process.put('b', 'two');
    process.door.commands.pull(1);
    process.door.lose();
    expect([await lost, await waits]).to.deep.equal(['deferred', 'deferred']);
    expect(process.store.state.journal.entries).to.equal(2);
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    process.clock.jump(5);
    await other.put('b', 'later');
    process.door.isAutomatic = true;
    expect(await process.door.reconnect()).to.equal(true);
    expect(slotOf(process, 'a').charAt(KIND_AT)).to.equal('t');
    process.server.runGhosts();
    expect(process.inRedis('a'), 'the lost write meets its tombstone').to.equal(undefined);
    expect(process.inRedis('b')).to.equal('later');
    expect(process.store.state.journal.entries).to.equal(0);
    expect(await process.get('b')).to.equal('later');
  });

  it('replays so closely above the lost change that a later one of another process wins, though it comes after', async () => {
    const process = held();
    void process.put('a', 'lost');
    process.door.commands.pull();
    process.door.lose();
    process.clock.jump(5);
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    other.door.isAutomatic = false;
    const later = other.put('a', 'later');
    process.clock.jump(5);
    process.door.isAutomatic = true;
    await process.door.reconnect();
    await pass(other);
    expect(await later).to.equal('applied');
    expect(process.inRedis('a')).to.equal('later');
  });

  it('sends a change above a lost one of the same key', async () => {
    const process = held();
    void process.put('a', 'one');
    process.door.commands.pull();
    void process.put('a', 'two');
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    process.door.commands.wire.run();
    process.door.commands.wire.answer();
    await settle();
    expect(await process.get('a'), 'from the waiting change').to.equal('two');
    const limit = process.shards.of('a').shard.ledger.limitOf('a');
    await pass(process);
    expect(versionOf(slotOf(process, 'a'))).to.equal(limit + 1);
    expect(process.store.state.journal.entries, 'it settles the lost one').to.equal(0);
  });

  it('stamps above a lost change, so that it cannot overwrite what follows its replay', async () => {
    const process = new TierFixture({ errorMs: 50 }).open();
    process.door.isAutomatic = false;
    void process.put('a', 'lost');
    process.door.commands.pull();
    process.door.lose();
    process.door.isAutomatic = true;
    await process.door.reconnect();
    expect(await process.put('a', 'new')).to.equal('applied');
    process.server.runGhosts();
    expect(process.inRedis('a')).to.equal('new');
  });

  it('keeps a tombstone longer than any write that was sent earlier may still run', async () => {
    const short = new TierFixture().open();
    await short.store.remove('a');
    expect(short.server.redis.msLeft('p:a')).to.equal(10_000);
    const long = new TierFixture({ commandTimeoutMs: 30_000, maxValueBytes: 100_000_000 }).open();
    await long.store.remove('a');
    expect(long.server.redis.msLeft('p:a')).to.equal(71_250);
  });

  it('defers a change that ran too late, and replays it at once', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    expect(await process.put('a', 'one')).to.equal('deferred');
    expect(await process.get('a'), 'memory serves').to.equal('one');
    await process.clock.advance(60);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(await process.get('a')).to.equal(undefined);
  });

  it('reports a failed batch once', async () => {
    const process = held();
    void process.store.putMany([
      ['a', value('1')],
      ['b', value('2')],
    ]);
    process.door.commands.pull();
    process.door.commands.wire.lose();
    await settle();
    expect(process.door.reports.length).to.equal(1);
  });

  it('bounds its memory in an outage, however many keys changed', async () => {
    const process = held();
    const keys = Array.from({ length: 90 }, (_, i) => `${i}`);
    for (const round of [1, 2]) {
      void process.store.putMany(keys.map((key) => [key, value(`${round}`)]));
    }
    process.door.commands.pull();
    process.door.lose();
    await settle();
    expect(await process.get('0')).to.equal('2');
    process.clock.jump(5_001);
    expect(await process.get('0')).to.equal(undefined);
    expect(await process.get('89')).to.equal(undefined);
  });

  it('belongs to the generation of its call, so that a later clear of another process clears it, too', async () => {
    const process = held();
    const put = process.put('a', 'one');
    process.server.bump();
    process.door.hear();
    expect(await process.get('a')).to.equal(undefined);
    const later = process.put('b', 'two');
    await pass(process);
    expect([await put, await later]).to.deep.equal(['applied', 'applied']);
    expect([process.inRedis('a'), process.inRedis('b')]).to.deep.equal([undefined, 'two']);
  });

  it('keeps only "this key changed" of changes that exceed the queue', async () => {
    const process = held();
    const large = 'x'.repeat(900_000);
    void process.put('k', 'sent');
    process.door.commands.pull();
    void process.put('k', 'waits');
    const all = Array.from({ length: 80 }, (_, i) => process.put(`${i}`, large));
    const last = process.put('k', large);
    expect(await last).to.equal('deferred');
    expect(await all[79]).to.equal('deferred');
    expect(process.shards.of('k').writer.queue.waitingBytes).to.be.below(64 * 1024 * 1024);
    expect((await process.get('k'))?.length, 'the latest call').to.equal(large.length);
    await pass(process);
    expect(process.shards.of('k').shard.ledger.blocks('k'), 'still to be told').to.equal(true);
    expect((await process.get('k'))?.length).to.equal(large.length);
    expect(await all[0]).to.equal('applied');
  });

  it('asks for an early heartbeat when very much is not fenced', async () => {
    const process = new TierFixture({ journalMax: 10_000 }).open();
    for (let i = 0; i < 11; i++) {
      await process.store.removeMany(Array.from({ length: 500 }, (_, k) => `${i}:${k}`));
    }
    expect(process.door.proofs).to.equal(1);
  });

  it('lives without Redis, and stores nothing when it is switched off', async () => {
    const alone = new TierFixture({ doors: 0 }).open();
    expect(await alone.put('a', 'one')).to.equal('applied');
    expect(await alone.get('a')).to.equal('one');
    expect(await alone.store.clear('*')).to.equal('applied');
    expect(await alone.get('a')).to.equal(undefined);
    const off = new TierFixture({ doors: 0, isEnabled: false, memory: undefined }).open();
    expect(await off.put('a', 'one')).to.equal('deferred');
    expect(await off.store.clear('*')).to.equal('deferred');
    expect(await off.get('a')).to.equal(undefined);
    expect(off.store.state.journal.entries).to.equal(0);
  });
});
