import { expect } from 'chai';
import { entryText } from '../../lib/entry/entry.js';
import { fingerprint } from '../../lib/entry/fingerprint.js';
import { Failure, HESITATES } from '../../lib/redis/failure.js';
import { LATE } from '../support/fake-redis.js';
import { settle } from '../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../support/tier-fixture.js';

/** Puts an entry under a key in Redis, as some process may have. */
function plant(
  process: TierFixture,
  key: string,
  entry: {
    payload?: string;
    version?: number;
    generation?: string;
    of?: string;
    ttlMs?: number;
    graceMs?: number;
  } = {},
): void {
  const { generation = process.server.generation, of = key, payload = 'planted' } = entry;
  const version = entry.version ?? Math.floor(process.server.nowMs * 1_000);
  const life = { ttlMs: entry.ttlMs ?? 60_000, graceMs: entry.graceMs ?? 0, loadMs: 0 };
  const text = entryText({ generation, fingerprint: fingerprint(of), version, payload, ...life });
  process.server.redis.execute(['SET', `p:${key}`, text]);
}

describe('Reader', () => {
  it('reads Redis, keeps its values, and drops keys that it does not have', async () => {
    const process = new TierFixture().open();
    plant(process, 'a');
    expect(await process.get('a')).to.equal('planted');
    expect(payloadOf(process.store.peek('a'))).to.equal('planted');
    process.server.redis.execute(['DEL', 'p:a']);
    expect(await process.get('a')).to.equal(undefined);
    expect(process.store.peek('a')).to.equal(undefined);
  });

  it('answers from memory while Redis is away, hesitates or fails', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    const { answers } = process.door.commands.wire;
    answers.set('GET', [LATE, HESITATES]);
    expect(await process.store.get('a')).to.include({ tier: 'memory' });
    expect(await process.store.get('a')).to.include({ tier: 'memory' });
    answers.set('MGET', [LATE]);
    expect((await process.store.getMany(['a', 'b'])).map(payloadOf)).to.deep.equal([
      'one',
      undefined,
    ]);
    expect(process.door.reports, 'each failure once, impatience never').to.deep.equal([LATE, LATE]);
    process.door.lose();
    expect(await process.get('a')).to.equal('one');
    expect((await process.store.getMany(['a'])).map(payloadOf)).to.deep.equal(['one']);
  });

  it('takes a key of another type for one that is absent', async () => {
    const process = new TierFixture().open();
    process.server.redis.execute(['HSET', 'p:a', 'f', 'v']);
    await process.shards.of('a').shard.keep('a', 'x');
    expect(await process.get('a')).to.equal(undefined);
    expect(process.door.reports.length).to.equal(1);
  });

  it('answers from a pending change until that expires', async () => {
    const process = new TierFixture({ memory: undefined }).open();
    process.door.isAutomatic = false;
    void process.put('a', 'one', { ttlMs: 100, graceMs: 100 });
    expect(await process.store.get('a')).to.include({ tier: 'memory', isStale: false });
    process.clock.jump(150);
    expect(await process.store.get('a')).to.include({ isStale: true });
    process.clock.jump(100);
    expect(await process.get('a')).to.equal(undefined);
    void process.store.remove('a');
    expect(await process.get('a')).to.equal(undefined);
  });

  it('looks again at a reply whose key was changed while it was in flight', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    await process.put('b', 'old');
    process.door.isAutomatic = false;
    const { commands } = process.door;
    const reads = [process.get('a'), process.get('b')];
    void process.put('a', 'new');
    void process.store.remove('b');
    commands.wire.run();
    commands.wire.run();
    commands.wire.answer();
    commands.wire.answer();
    expect(await Promise.all(reads)).to.deep.equal(['new', undefined]);
    expect(payloadOf(process.store.peek('a'))).to.equal('new');
  });

  it('does not keep a value that was read before a change, however late it arrives', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'old');
    let proven = (_: boolean): void => {};
    process.door.proven = false;
    process.door.proves = () =>
      new Promise((resolve) => {
        proven = resolve;
      });
    const read = process.get('a');
    await settle();
    await process.store.remove('a');
    proven(true);
    await read;
    expect(process.store.peek('a')).to.equal(undefined);
  });

  it('keeps its own newer value when a reply is judged late', async () => {
    const process = new TierFixture().open();
    const other = new TierFixture({ clock: process.clock, server: process.server }).open();
    plant(process, 'a');
    process.clock.jump(5);
    let proven = (_: boolean): void => {};
    process.door.proven = false;
    const proof = new Promise<boolean>((resolve) => {
      proven = resolve;
    });
    process.door.proves = () => proof;
    const reads = [process.get('a'), process.get('b')];
    await settle();
    process.door.isAutomatic = false;
    void process.store.remove('a');
    process.clock.jump(5);
    await other.put('a', 'later');
    process.door.isAutomatic = true;
    process.door.commands.pullAll();
    await process.put('b', 'mine');
    proven(true);
    await Promise.all(reads);
    expect(process.store.peek('a'), 'Redis has something newer').to.equal(undefined);
    expect(payloadOf(process.store.peek('b'))).to.equal('mine');
  });

  it('waits for a heartbeat when none was answered lately', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    plant(process, 'b');
    process.door.proven = false;
    expect(await process.get('b')).to.equal('planted');
    expect(await process.get('none')).to.equal(undefined);
    expect(process.door.proofs).to.equal(2);
    process.door.proves = async () => false;
    plant(process, 'a', { payload: 'from an old master' });
    expect(await process.get('a'), 'memory').to.equal('one');
    expect((await process.store.getMany(['a', 'none'])).map(payloadOf)).to.deep.equal([
      'one',
      undefined,
    ]);
  });

  it('does not believe an entry that is older than its own acknowledged change, unless the data was not replaced', async () => {
    const process = new TierFixture().open();
    process.clock.jump(1_000);
    await process.store.remove('a');
    const old = Math.floor(process.server.nowMs * 1_000) - 500_000;
    plant(process, 'a', { version: old });
    process.door.proves = async () => false;
    expect(await process.get('a'), 'the data was replaced').to.equal(undefined);
    process.door.proves = async () => true;
    expect(await process.get('a'), 'another clock is behind').to.equal('planted');
    expect(process.door.proofs).to.equal(2);
    expect(await process.get('a'), 'asked once').to.equal('planted');
    expect(process.door.proofs).to.equal(2);
    plant(process, 'a', { version: old - 1 });
    await process.get('a');
    expect(process.door.proofs).to.equal(3);
  });

  it('nor one that may be older than its own change, as far as it knows the server’s clock', async () => {
    const process = new TierFixture({ errorMs: 5 }).open();
    process.clock.jump(1_000);
    await process.put('a', 'mine');
    const stamp = process.shards.only?.shard.ledger.acknowledged('a')?.stamp ?? expect.fail('none');
    expect(stamp.high - stamp.low, 'microseconds').to.be.at.least(10_000);
    expect(await process.get('a')).to.equal('mine');
    expect(process.door.proofs, 'its own entry').to.equal(0);
    process.door.proves = async () => false;
    for (const version of [stamp.low + 1, stamp.high]) {
      plant(process, 'a', { version });
      await process.get('a');
    }
    expect(process.door.proofs).to.equal(2);
    plant(process, 'a', { version: stamp.high + 1 });
    expect(await process.get('a')).to.equal('planted');
    expect(process.door.proofs).to.equal(2);
  });

  it('does not believe it either when it changed the key once more while it asked', async () => {
    const process = new TierFixture().open();
    process.clock.jump(1_000);
    await process.store.remove('a');
    plant(process, 'a', { version: 1 });
    process.door.proves = async () => {
      await process.put('a', 'mine');
      return true;
    };
    expect(await process.get('a')).to.equal('mine');
  });

  it('takes entries of other generations, tombstones and expired ones for absent', async () => {
    const process = new TierFixture().open();
    plant(process, 'a', { generation: 'other1' });
    plant(process, 'b', { ttlMs: 10 });
    plant(process, 'c', { ttlMs: 10, graceMs: 1_000 });
    await process.store.remove('d');
    process.clock.jump(20);
    const found = await process.store.getMany(['a', 'b', 'c', 'd']);
    expect(found.map(payloadOf)).to.deep.equal([undefined, undefined, 'planted', undefined]);
    expect(found[2]?.isStale).to.equal(true);
  });

  it('counts a foreign entry as a miss', async () => {
    const process = new TierFixture().open();
    process.server.redis.execute(['SET', 'p:a', 'what somebody else wrote there']);
    expect(await process.get('a')).to.equal(undefined);
    expect(process.told.filter((word) => word === 'failed decode').length).to.equal(1);
  });

  it('tells an entry of another cache from shifted replies', async () => {
    const process = new TierFixture().open();
    plant(process, 'a', { of: 'its:a' });
    expect(await process.get('a')).to.equal(undefined);
    expect(process.door.commands.calls).to.deep.equal([]);
    const { answers } = process.door.commands.wire;
    for (const again of ['', 'own', 'none']) {
      plant(process, 'a', { of: again === 'own' ? 'a' : 'its:a' });
      const shifted = entryText({
        generation: 'gen000',
        fingerprint: fingerprint('b'),
        version: 1,
        ...value('b'),
      });
      answers.set('GET', [shifted]);
      if (again === 'none') process.server.redis.execute(['DEL', 'p:a']);
      expect(await process.get('a')).to.equal(undefined);
    }
    expect(process.door.commands.calls.length, 'own and none are desyncs').to.equal(2);
    plant(process, 'a', { of: 'its:a' });
    answers.set('RECHECK', [LATE]);
    expect(await process.get('a')).to.equal(undefined);
    expect(process.door.reports.at(-1)).to.equal(LATE);
  });

  it('reads a leased entry', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    await process.store.claim(['a'], 'refresh');
    expect(await process.get('a')).to.equal('one');
  });

  it('gives nothing for a reply that comes when Redis is not read any more', async () => {
    const process = new TierFixture().open();
    plant(process, 'a');
    process.door.isAutomatic = false;
    const read = process.get('a');
    process.door.commands.wire.run();
    process.door.go({ name: 'half-open', reason: 'read_only' });
    process.door.commands.wire.answer();
    expect(await read).to.equal(undefined);
    expect(await process.shards.of('a').reader.ask('a')).to.equal(undefined);
    expect(await process.shards.of('a').reader.askMany(['a'], 'bulk')).to.deep.equal([undefined]);
  });

  it('does not take a failure of a command for an answer', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    process.door.commands.wire.answers.set('GET', [
      new Failure('command', 'permission', new Error('NOPERM')),
    ]);
    expect(await process.get('a')).to.equal('one');
  });
});
