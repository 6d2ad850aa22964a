import { expect } from 'chai';
import { FakeDoor } from '../../support/fake-door.js';
import { settle } from '../../support/manual-clock.js';
import { TierFixture } from '../../support/tier-fixture.js';

/** Two servers; what begins with `m` goes from the first to the second. */
describe('keys that another server serves from now on', () => {
  let process: TierFixture;
  let from: FakeDoor;
  let to: FakeDoor;

  beforeEach(() => {
    process = new TierFixture({ doors: 2, journalMax: 5 });
    [from, to] = process.doors as [FakeDoor, FakeDoor];
    process.remote.route = () => from;
    process.open();
    to.generation = from.generation;
  });

  const move = (): void => {
    process.remote.route = (key) => (key.startsWith('m') ? to : from);
    process.shards.doorsChanged([{ from, to }]);
  };

  it('whose change was not acknowledged are not read there until Redis has the change', async () => {
    await process.put('m1', 'old');
    from.lose();
    expect(await process.store.remove('m1')).to.equal('deferred');
    to.isAutomatic = false;
    move();
    expect(process.inRedis('m1'), 'it is still there').to.equal('old');
    expect(await process.get('m1')).to.equal(undefined);
    to.isAutomatic = true;
    await process.clock.advance(1_000);
    expect(process.inRedis('m1')).to.equal(undefined);
    expect(process.shards.state.journal.entries).to.equal(0);
  });

  it('whose change is in flight are not read there', async () => {
    await process.put('m1', 'old');
    from.isAutomatic = false;
    const removing = process.store.remove('m1');
    await settle();
    to.isAutomatic = false;
    move();
    expect(await process.get('m1')).to.equal(undefined);
    from.lose();
    expect(await removing).to.equal('deferred');
    to.isAutomatic = true;
    await process.clock.advance(1_000);
    expect(process.inRedis('m1')).to.equal(undefined);
  });

  it('whose change was acknowledged by the one server are sent again, if the other loses them', async () => {
    await process.put('m1', 'kept');
    await process.store.remove('m1');
    move();
    to.lose();
    const chain = [{ id: 'r2', life: 'life2', base: 0, openedAt: 1 }];
    const evidence = { life: 'life2', chain, count: 0, serial: 1, isOlderGeneration: false };
    to.listener.judge(to, evidence);
    expect(process.shards.state.journal.entries).to.equal(1);
  });

  it('and others: what a heartbeat of one server proves is labelled there alone', async () => {
    await process.put('a', 'one');
    move();
    await process.put('m1', 'one');
    expect(process.doors.map(({ listener }) => listener.hasUnfenced)).to.deep.equal([true, true]);
    from.fence();
    expect(process.doors.map(({ listener }) => listener.hasUnfenced)).to.deep.equal([false, true]);
  });

  it('that were cleared by a pattern are cleared there', async () => {
    await process.put('m1', 'old');
    from.lose();
    await process.store.clear('m*');
    to.isAutomatic = false;
    move();
    to.isAutomatic = true;
    expect(await process.get('m1')).to.equal(undefined);
  });

  it('of a journal that overflowed: everything goes there, too', async () => {
    await process.put('m1', 'old');
    from.lose();
    for (let i = 0; i < 7; i++) await process.store.remove(`m${i}`);
    expect(process.told).to.include('overflowed');
    move();
    expect(await process.get('m1')).to.equal(undefined);
    await process.clock.advance(1_000);
    expect(to.bumps).to.equal(1);
  });

  it('that were forgotten as single changes earlier: everything goes there once', async () => {
    from.lose();
    for (let i = 0; i < 7; i++) await process.store.remove(`m${i}`);
    await from.reconnect();
    expect(from.bumps).to.equal(1);
    move();
    await process.clock.advance(1_000);
    expect(to.bumps).to.equal(1);
    move();
    await process.clock.advance(1_000);
    expect(to.bumps).to.equal(1);
  });

  it('of a server that is new, and of one that leaves', async () => {
    const added = new FakeDoor(process.server);
    from.lose();
    await process.store.remove('m1');
    process.remote.doors = [from, added];
    process.remote.route = (key) => (key.startsWith('m') ? added : from);
    process.shards.doorsChanged([{ from, to: added }]);
    added.start(process.shards.listenerFor(added));
    expect(added.listener.hasWork).to.equal(true);
    expect(process.shards.all).to.have.lengthOf(2);
    expect(await added.reconnect()).to.equal(true);
    expect(process.shards.state.journal.entries).to.equal(0);
  });
});
