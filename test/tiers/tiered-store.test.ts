import { expect } from 'chai';
import type { KeyChange } from '../../lib/tiers/store.js';
import { settle } from '../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../support/tier-fixture.js';

describe('TieredStore', () => {
  it('puts, finds and removes', async () => {
    const process = new TierFixture().open();
    expect(await process.put('a', 'one')).to.equal('applied');
    expect(process.inRedis('a')).to.equal('one');
    expect(await process.store.get('a')).to.include({ tier: 'redis', isStale: false });
    expect(await process.store.remove('a')).to.equal('applied');
    expect(await process.get('a')).to.equal(undefined);
    expect(process.store.timeOf('a')).to.equal(process.server.nowMs);
    expect(process.told).to.include.members(['stored 1', 'removed 1']);
  });

  it('handles many keys with few commands, in their order', async () => {
    const process = new TierFixture().open();
    const keys = Array.from({ length: 200 }, (_, i) => `${i}`);
    expect(await process.store.putMany(keys.map((key) => [key, value(key)]))).to.equal('applied');
    expect((await process.store.getMany(['none', ...keys])).map(payloadOf)).to.deep.equal([
      undefined,
      ...keys,
    ]);
    expect(await process.store.removeMany(keys)).to.equal('applied');
    expect((await process.store.getMany(keys)).every((found) => found === undefined)).to.equal(
      true,
    );
    expect(await process.store.putMany([])).to.equal('applied');
    expect(await process.store.getMany([])).to.deep.equal([]);
    const { calls } = process.door.commands;
    expect(calls.slice(0, 8)).to.deep.equal([
      ...new Array(6).fill('WRITE bulk 32'),
      'WRITE bulk 8',
      'MGET bulk 201',
    ]);
  });

  it('lets calls for few keys overtake', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    void process.store.putMany(
      Array.from({ length: 129 }, (_, i) => [`${i}`, value('x')] as const),
    );
    void process.store.putMany([
      ['a', value('x')],
      ['b', value('x')],
    ]);
    process.door.commands.pull();
    expect(process.door.commands.calls).to.deep.equal(['WRITE request 2']);
  });

  it('tells of every change in the call itself', async () => {
    const process = new TierFixture().open();
    const changes: KeyChange[] = [];
    process.store.onChange((change) => changes.push(change));
    void process.put('a', 'one');
    void process.store.removeMany(['b', 'c']);
    void process.store.clear('d*');
    expect(changes.slice(0, 3)).to.deep.equal([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
    const [, , , cleared] = changes;
    if (cleared === undefined || !('matches' in cleared)) throw new Error('no pattern');
    expect([cleared.matches('d1'), cleared.matches('e')]).to.deep.equal([true, false]);
    await settle();
    new TierFixture().open().shards.changedMatching('*');
  });

  it('does not store a value that is too large, and removes the old one', async () => {
    const process = new TierFixture({ maxValueBytes: 10 }).open();
    await process.put('a', 'small');
    await process.put('b', 'small');
    expect(await process.put('a', 'é'.repeat(6))).to.equal('deferred');
    expect(await process.put('c', 'é'.repeat(5))).to.equal('applied');
    expect(await process.get('a')).to.equal(undefined);
    expect(process.inRedis('a')).to.equal(undefined);
    const mixed = await process.store.putMany([
      ['x', value('fits')],
      ['y', value('x'.repeat(11))],
    ]);
    expect([mixed, process.inRedis('x'), process.inRedis('y')]).to.deep.equal([
      'deferred',
      'fits',
      undefined,
    ]);
    const [claim] = await process.store.claim(['b'], 'refresh');
    const lease = claim?.kind === 'granted' ? claim.lease : undefined;
    await process.store.fill([{ key: 'b', lease, value: value('x'.repeat(11)) }]);
    await settle();
    expect(process.inRedis('b')).to.equal(undefined);
    await process.store.fill([{ key: 'x', lease: undefined, value: value('x'.repeat(11)) }]);
    expect(process.store.peek('x')).to.equal(undefined);
    expect(process.told.filter((word) => word.startsWith('too large'))).to.deep.equal([
      'too large a 12',
      'too large y 11',
      'too large b 11',
      'too large x 11',
    ]);
    expect(process.clock.pending).to.equal(0);
  });

  it('drops and counts an entry that cannot be decoded', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    process.store.unreadable('a');
    expect(process.store.peek('a')).to.equal(undefined);
    expect(process.told).to.include('failed decode');
  });

  it('lets the event loop turn in a long row of answers from memory', async () => {
    const process = new TierFixture().open();
    process.door.lose();
    await process.put('a', 'one');
    await settle();
    expect(process.store.get('a')).to.not.be.instanceOf(Promise);
    process.clock.jump(6);
    const found = process.store.get('a');
    expect(found).to.be.instanceOf(Promise);
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    expect(payloadOf(await found)).to.equal('one');
    void process.store.get('a');
    process.clock.jump(6);
    await process.put('a', 'two');
    expect(hasTurned).to.equal(true);
  });

  it('tells at once that memory has nothing, so that all callers of a turn share one load', () => {
    const process = new TierFixture().open();
    process.door.lose();
    for (const key of ['a', 'b']) {
      expect(process.store.get(key)).to.equal(undefined);
      process.clock.jump(6);
    }
  });
});

describe('the store of a request', () => {
  const WAIT = 500;

  it('waits for Redis no longer than one commandTimeout in all, and then lives from memory', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    await process.put('b', 'two');
    const request = process.store.forRequest();
    process.door.isAutomatic = false;
    const first = request.get('a');
    await process.clock.advance(300);
    process.door.isAutomatic = true;
    process.door.commands.wire.drain();
    expect(await first).to.include({ tier: 'redis' });
    process.door.isAutomatic = false;
    const second = request.get('b');
    await process.clock.advance(200);
    expect(await second).to.include({ tier: 'memory' });
    expect(request.get('a')).to.include({ tier: 'memory' });
    expect((await request.getMany(['a', 'none'])).map(payloadOf)).to.deep.equal(['one', undefined]);
    expect((await request.claim(['a'], 'load')).map(({ kind }) => kind)).to.deep.equal(['none']);
    expect(process.door.reports).to.deep.equal([]);
    expect(process.store.state.mode).to.equal('normal');
  });

  it('answers many keys from memory when Redis does not answer', async () => {
    const process = new TierFixture().open();
    await process.put('a', 'one');
    process.door.isAutomatic = false;
    const found = process.store.forRequest().getMany(['a', 'b']);
    await process.clock.advance(WAIT);
    expect((await found).map(payloadOf)).to.deep.equal(['one', undefined]);
  });

  it('answers a change with deferred, which goes on', async () => {
    const process = new TierFixture().open();
    process.door.isAutomatic = false;
    const request = process.store.forRequest();
    const put = request.put('a', value('one'));
    const cleared = process.store.forRequest().clear('x*');
    await process.clock.advance(WAIT);
    expect([await put, await cleared]).to.deep.equal(['deferred', 'deferred']);
    expect(process.store.state.journal.entries, 'the pattern alone').to.equal(1);
    process.door.isAutomatic = true;
    process.door.commands.pullAll();
    process.door.commands.wire.drain();
    await process.clock.advance(10);
    expect(process.inRedis('a')).to.equal('one');
    expect(process.store.state.journal.entries).to.equal(0);
  });

  it('gives back a lease that is granted after its caller has left', async () => {
    const process = new TierFixture().open();
    const request = process.store.forRequest();
    process.door.isAutomatic = false;
    const claims = request.claim(['a'], 'load');
    await process.clock.advance(WAIT);
    expect((await claims).map(({ kind }) => kind)).to.deep.equal(['none']);
    process.door.isAutomatic = true;
    process.door.commands.wire.drain();
    await settle();
    expect(process.server.redis.keys()).to.deep.equal([]);
    expect(process.clock.pending).to.equal(0);
  });

  it('does not wait for a fill when it has waited enough', async () => {
    const process = new TierFixture().open();
    const request = process.store.forRequest();
    const [claim] = await request.claim(['a'], 'load');
    const lease = claim?.kind === 'granted' ? claim.lease : undefined;
    process.door.isAutomatic = false;
    const filled = request.fill([{ key: 'a', lease, value: value('one') }]);
    await process.clock.advance(WAIT);
    await filled;
    await request.fill([]);
    process.door.isAutomatic = true;
    process.door.commands.wire.drain();
    await settle();
    expect(process.inRedis('a')).to.equal('one');
  });
});
