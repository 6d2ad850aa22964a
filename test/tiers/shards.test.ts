import { expect } from 'chai';
import { isReadable, reasonOf } from '../../lib/redis/door-state.js';
import type { DoorState } from '../../lib/redis/remote.js';
import { modeOf, worstOf } from '../../lib/tiers/mode.js';
import { LOST } from '../support/fake-redis.js';
import { settle } from '../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../support/tier-fixture.js';

const STATES: readonly DoorState[] = [
  { name: 'closed' },
  { name: 'settling', reason: 'data_replaced', until: 0 },
  { name: 'recovering', reason: 'timeout' },
  { name: 'read-only', reason: 'out_of_memory', nextAttemptAt: 0 },
  { name: 'half-open', reason: 'timeout' },
  { name: 'connecting' },
  { name: 'open', reason: 'connection_lost', nextAttemptAt: 7 },
  { name: 'shut' },
];

describe('the mode of the tiers', () => {
  it('follows from the state of the door', () => {
    expect(STATES.map((state) => modeOf(state, true))).to.deep.equal([
      'normal',
      'recovering',
      'recovering',
      'degraded',
      'degraded',
      'degraded',
      'degraded',
      'degraded',
    ]);
    expect(STATES.map((state) => modeOf(state, false))).to.deep.equal([
      'normal',
      'database-only',
      'database-only',
      'degraded',
      'database-only',
      'database-only',
      'database-only',
      'database-only',
    ]);
    expect(STATES.map(reasonOf)).to.deep.equal([
      undefined,
      'data_replaced',
      'timeout',
      'out_of_memory',
      'timeout',
      'connecting',
      'connection_lost',
      'closed',
    ]);
    expect(STATES.filter(isReadable).map(({ name }) => name)).to.deep.equal([
      'closed',
      'read-only',
    ]);
  });

  it('is that of the worst door', () => {
    for (let i = 0; i < STATES.length; i++) {
      expect(worstOf(STATES.slice(0, i + 1))).to.equal(STATES[i]);
      expect(worstOf(STATES.slice(0, i + 1).reverse())).to.equal(STATES[i]);
    }
    expect(worstOf([])).to.deep.equal({ name: 'shut' });
  });
});

describe('Shards', () => {
  it('shows the state of the store', async () => {
    const process = new TierFixture().open();
    expect(process.store.state).to.deep.include({
      mode: 'normal',
      reason: undefined,
      isConnected: true,
      isReadOnly: false,
      hasRedis: true,
      nextAttemptAt: undefined,
    });
    process.door.go({ name: 'open', reason: 'timeout', nextAttemptAt: 9 });
    expect(process.store.state).to.deep.include({
      mode: 'degraded',
      reason: 'timeout',
      isConnected: false,
      nextAttemptAt: 9,
    });
    process.door.go({ name: 'read-only', reason: 'out_of_memory', nextAttemptAt: 9 });
    expect(process.store.state).to.include({ isConnected: true, isReadOnly: true });
    expect(process.told.filter((word) => word.startsWith('door'))).to.deep.equal([
      'door closed',
      'door open',
      'door read-only',
    ]);
    const alone = new TierFixture({ doors: 0 }).open();
    expect(alone.store.state).to.deep.include({
      mode: 'normal',
      reason: undefined,
      isConnected: false,
      hasRedis: false,
    });
    const nothing = new TierFixture({ doors: 0, memory: undefined }).open();
    expect(nothing.store.state).to.deep.include({ mode: 'database-only', memory: null });
  });

  it('lets calls wait for the first connection, one commandTimeout at most, in their order', async () => {
    const process = new TierFixture();
    process.shards.start();
    const order: string[] = [];
    const first = process.put('a', 'one');
    void Promise.resolve().then(() => process.door.open());
    const found = process.get('a');
    const many = process.store.getMany(['a']);
    const claims = process.store.claim(['b'], 'load');
    const cleared = process.store.clear('x*');
    void process.shards.ready?.then(() => order.push('ready'));
    await settle();
    expect(process.shards.ready).to.equal(undefined);
    expect(await first).to.equal('applied');
    expect(await found).to.equal('one');
    expect((await many).map(payloadOf)).to.deep.equal(['one']);
    expect((await claims)[0]?.kind).to.equal('granted');
    expect(await cleared).to.equal('applied');
    process.shards.close();
    await settle();
    expect(process.clock.pending).to.equal(0);
  });

  it('keeps the order of calls that come while the wait ends', async () => {
    const process = new TierFixture();
    process.shards.start();
    const first = process.put('a', 'first');
    process.door.open();
    let second: unknown;
    for (let i = 0; i < 8; i++) {
      await null;
      second ??= process.shards.ready === undefined ? process.put('a', 'second') : undefined;
    }
    await Promise.all([first, second]);
    expect(process.inRedis('a')).to.equal('second');
  });

  it('goes on without a connection after commandTimeout', async () => {
    const process = new TierFixture();
    process.shards.start();
    const put = process.put('a', 'one');
    await process.clock.advance(499);
    expect(process.shards.ready).to.not.equal(undefined);
    await process.clock.advance(1);
    expect(await put).to.equal('deferred');
    expect(await process.get('a')).to.equal('one');
  });

  it('ends the wait when it is closed', async () => {
    const process = new TierFixture();
    process.shards.start();
    const put = process.put('a', 'one');
    process.shards.close();
    expect(await put).to.equal('deferred');
    expect(process.clock.pending).to.equal(0);
    expect(process.remote.isClosed).to.equal(true);
  });

  it('answers every call when it is closed, and leaves no timer', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    const calls = [
      process.put('a', 'one'),
      process.store.remove('b'),
      process.store.clear('c*'),
      process.store.clear('*'),
      process.store.claim(['d'], 'load'),
      process.store.getMany(['e']),
    ];
    process.shards.close();
    await Promise.all(calls);
    await process.clock.advance(100);
    expect(process.clock.pending).to.equal(0);
    expect(await process.put('a', 'two')).to.equal('deferred');
    expect(process.clock.pending).to.equal(0);
  });

  it('serves each key by its door, and suspects only the keys of a door that was away', async () => {
    const process = new TierFixture({ doors: 2 }).open();
    const keys = ['a', 'b', 'c', 'd'];
    await process.store.putMany(keys.map((key) => [key, value(key)]));
    expect((await process.store.getMany(keys)).map(payloadOf)).to.deep.equal(keys);
    const [even, odd] = process.doors;
    if (even === undefined || odd === undefined) throw new Error('no doors');
    expect([even.commands.calls.length, odd.commands.calls.length]).to.deep.equal([2, 2]);
    odd.lose();
    expect(process.store.state.mode).to.equal('degraded');
    expect((await process.store.getMany(keys)).map((found) => found?.tier)).to.deep.equal([
      'memory',
      'redis',
      'memory',
      'redis',
    ]);
    await odd.reconnect();
    odd.lose();
    expect((await process.store.getMany(keys)).map(payloadOf)).to.deep.equal([
      undefined,
      'b',
      undefined,
      'd',
    ]);
    expect(await process.store.clear('*')).to.equal('deferred');
    expect(even.bumps).to.equal(1);
  });

  it('asks all doors at the same time', async () => {
    const process = new TierFixture({ doors: 2 }).open();
    for (const door of process.doors) door.isAutomatic = false;
    void process.store.getMany(['a', 'b']);
    void process.store.claim(['a', 'b'], 'load');
    await settle();
    for (const door of process.doors)
      expect(door.commands.wire.unrun).to.have.members(['MGET', 'CLAIM_OVER']);
  });

  it('takes what one door grants in time, and gives back what another grants too late', async () => {
    const process = new TierFixture({ doors: 2 }).open();
    const [even, odd] = process.doors;
    if (even === undefined || odd === undefined) throw new Error('no doors');
    odd.isAutomatic = false;
    const claiming = process.store.forRequest().claim(['a', 'b', 'c'], 'load');
    await process.clock.advance(500);
    expect((await claiming).map(({ kind }) => kind)).to.deep.equal(['none', 'granted', 'none']);
    odd.isAutomatic = true;
    odd.commands.wire.drain();
    await settle();
    expect(process.server.redis.keys(), 'the lease that is held').to.have.lengthOf(1);
  });

  it('serves from memory while a new reign settles, and suspects it when that is read', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    process.door.go({ name: 'open', reason: 'data_replaced', nextAttemptAt: 0 });
    process.door.go({ name: 'recovering', reason: 'data_replaced' });
    process.door.go({ name: 'settling', reason: 'data_replaced', until: 0 });
    expect(await process.get('a')).to.equal('one');
    expect(await process.put('b', 'two'), 'changes go to Redis').to.equal('applied');
    process.door.go({ name: 'closed' });
    process.door.lose();
    expect(await process.get('a')).to.equal(undefined);
  });

  it('suspects values that a demoted server showed since the last proven heartbeat', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    await process.put('b', 'two');
    await process.get('a');
    process.clock.jump(10);
    process.door.fence();
    process.clock.jump(10);
    await process.get('b');
    process.door.go({ name: 'half-open', reason: 'read_only' });
    expect([await process.get('a'), await process.get('b')]).to.deep.equal(['one', undefined]);
    process.door.go({ name: 'closed' });
    process.door.lose();
    expect(await process.get('a'), 'a lost connection is no doubt, but it came back').to.equal(
      undefined,
    );
  });

  it('trusts memory when a connection is lost', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    await process.get('a');
    process.door.lose();
    expect(await process.get('a')).to.equal('one');
  });

  it('tells whether something is not fenced, or must be replayed', async () => {
    const process = new TierFixture().open();
    expect([process.shards.hasUnfenced, process.shards.hasWork]).to.deep.equal([false, false]);
    await process.put('a', 'one');
    expect([process.shards.hasUnfenced, process.shards.hasWork]).to.deep.equal([true, true]);
    process.door.fence();
    expect([process.shards.hasUnfenced, process.shards.hasWork], 'it may be lost').to.deep.equal([
      false,
      true,
    ]);
    process.door.lose();
    await process.put('a', 'two');
    expect([process.shards.hasUnfenced, process.shards.hasWork]).to.deep.equal([false, true]);
  });

  it('passes on failures, and whether memory can answer', async () => {
    const process = new TierFixture().open();
    process.shards.failed(LOST, 'probe');
    expect(process.told).to.include('failed probe');
    await process.put('a', 'one');
    expect(process.shards.canSpare('p:a')).to.equal(false);
    await process.get('a');
    expect([process.shards.canSpare('p:a'), process.shards.canSpare('p:b')]).to.deep.equal([
      true,
      false,
    ]);
  });

  it('has nothing to say for a door that it does not know', async () => {
    const process = new TierFixture().open();
    const stranger = new TierFixture().open().door;
    process.shards.stateChanged(stranger, { name: 'closed' }, { name: 'connecting' });
    process.shards.bumped(stranger);
    process.shards.opened(stranger, stranger.commands);
    expect(await process.shards.replay(stranger, stranger.commands)).to.equal(true);
    const evidence = { life: '', chain: [], count: 0, serial: 0, isOlderGeneration: false };
    expect(process.shards.judge(stranger, evidence)).to.equal('intact');
  });
});
