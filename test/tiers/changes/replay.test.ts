import { expect } from 'chai';
import { LATE } from '../../support/fake-redis.js';
import { settle } from '../../support/manual-clock.js';
import { TierFixture } from '../../support/tier-fixture.js';
import { stampOf } from '../stamps.js';

describe('Replay', () => {
  it('tells a new connection everything before it is read', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.lose();
    expect(await process.store.remove('a')).to.equal('deferred');
    process.door.isAutomatic = false;
    const opened = process.door.reconnect();
    await settle();
    expect(process.door.state.name).to.equal('recovering');
    expect(await process.get('a')).to.equal(undefined);
    expect(await process.put('b', 'during'), 'not into a connection that is not judged').to.equal(
      'deferred',
    );
    process.door.isAutomatic = true;
    process.door.commands.pullAll();
    expect(await opened).to.equal(true);
    expect(process.inRedis('a')).to.equal(undefined);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(process.told.filter((word) => word.startsWith('replayed'))).to.deep.equal([
      'replayed 1',
      'replayed 1',
    ]);
  });

  it('does not open when a change could not be replayed', async () => {
    const process = new TierFixture().open();
    process.door.lose();
    await process.store.remove('a');
    const opened = process.door.reconnect();
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    expect(await opened).to.equal(false);
    expect(process.told).to.not.include('replayed 1');
    expect(process.store.state.journal.entries).to.equal(1);
    await process.store.clear('*');
    const again = process.door.reconnect();
    process.door.commands.wire.answers.set('BUMP', [LATE]);
    expect(await again).to.equal(false);
  });

  it('leaves a busy journal to later, behind its barrier', async () => {
    const process = new TierFixture().open();
    process.door.lose();
    await process.store.remove('0');
    const { ledger } = process.shards.of('a').shard;
    const { queue } = process.shards.of('a').writer;
    const opened = process.door.reconnect();
    for (let i = 1; i < 40; i++) {
      ledger.defer(`${i}`, 'change', stampOf(5));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await opened).to.equal(true);
    await process.clock.advance(200);
    expect([ledger.hasUnapplied, queue.isEmpty]).to.deep.equal([false, true]);
  });

  it('tries again after longer and longer pauses while the connection lives', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('WRITE', new Array(4).fill('e|late|0'));
    await process.put('a', 'one');
    await process.clock.advance(340);
    expect(process.store.state.journal.entries).to.equal(1);
    await process.clock.advance(20 + 400);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(process.clock.pending).to.equal(0);
  });

  it('leaves keys alone that are being changed', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    await process.put('a', 'one');
    await process.clock.advance(0);
    process.door.isAutomatic = false;
    const set = process.put('a', 'two');
    await process.clock.advance(60);
    process.door.isAutomatic = true;
    process.door.commands.pullAll();
    expect(await set).to.equal('applied');
    expect(process.inRedis('a')).to.equal('two');
    await process.clock.advance(200);
    expect(process.inRedis('a')).to.equal('two');
  });

  it('runs once at a time, also when a new connection comes', async () => {
    const process = new TierFixture().open();
    process.door.commands.wire.answers.set('WRITE', ['e|late|0']);
    await process.put('a', 'one');
    process.door.isAutomatic = false;
    await process.clock.advance(60);
    process.door.commands.pull();
    process.door.lose();
    process.door.isAutomatic = true;
    expect(await process.door.reconnect()).to.equal(true);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(process.server.redis.calls('EVALSHA')).to.equal(1);
  });

  it('replays the changes that a server has lost', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    process.door.fence({ count: 1 });
    await process.store.remove('a');
    await process.store.clear('b*');
    process.door.fence({ count: 2 });
    process.door.lose();
    process.server.redis.execute(['DEL', 'p:a']);
    await new TierFixture({ clock: process.clock, server: process.server }).open().store.clear('x');
    const chain = [
      { id: 'reign', life: 'life', base: 0, openedAt: 1 },
      { id: 'next', life: 'other', base: 1, openedAt: 1 },
    ];
    const evidence = { life: 'other', chain, count: 1, serial: 1, isOlderGeneration: false };
    await process.door.reconnect(evidence);
    await settle();
    expect(process.server.redis.peek('p:a'), 'a tombstone').to.not.equal(undefined);
    expect(process.store.state.journal.entries).to.equal(0);
    expect(process.told).to.not.include('data lost');
  });

  it('says so when acknowledged data is lost that it does not remember', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    for (let i = 0; i < 70; i++) {
      process.door.fence({ count: 5 + i });
      process.clock.jump(500);
    }
    process.door.lose();
    const chain = [
      { id: 'reign', life: 'life', base: 0, openedAt: 1 },
      { id: 'next', life: 'other', base: 1, openedAt: 1 },
    ];
    await process.door.reconnect({
      life: 'other',
      chain,
      count: 1,
      serial: 1,
      isOlderGeneration: false,
    });
    expect(process.told).to.include('data lost');
    expect(process.door.bumps).to.equal(1);
  });
});
