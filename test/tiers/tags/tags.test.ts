import { expect } from 'chai';
import type { TagVersion } from '../../../lib/entry/entry-tags.js';
import { FakeRedis } from '../../support/fake-redis.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { TierFixture, value } from '../../support/tier-fixture.js';

const NEED = { lifeMs: 60_000 };
const RECORD = 'p:__ech:tag:red';

describe('tags, of processes with one clock', () => {
  let clock: ManualClock;
  let server: FakeRedis;
  let a: TierFixture;
  let b: TierFixture;

  beforeEach(() => {
    clock = new ManualClock();
    server = new FakeRedis(clock);
    a = new TierFixture({ clock, server }).open();
    b = new TierFixture({ clock, server }).open();
  });

  const versions = async (process: TierFixture, ...tags: string[]): Promise<TagVersion[]> => [
    ...((await process.store.tagVersions(tags, NEED)) ?? expect.fail('refused')),
  ];

  const put = async (process: TierFixture, key: string, ...tags: string[]): Promise<unknown> =>
    process.store.put(key, { ...value(key), tags: await versions(process, ...tags) });

  const has = async (process: TierFixture, key: string): Promise<boolean> =>
    (await process.store.get(key)) !== undefined;

  /** What a process asks Redis while `act` runs. */
  async function asked(process: TierFixture, act: () => Promise<unknown>): Promise<number> {
    const { wire } = process.door.commands;
    let sent = 0;
    const send = wire.send.bind(wire);
    wire.send = (what, run) => {
      sent++;
      return send(what, run);
    };
    await act();
    wire.send = send;
    return sent;
  }

  it('of another process are believed for a second, and not longer', async () => {
    await put(a, 'k', 'red');
    expect(await has(b, 'k')).to.equal(true);
    await a.store.invalidateTags(['red']);
    await clock.advance(1_000);
    expect(await has(b, 'k'), 'believed').to.equal(true);
    await clock.advance(1);
    expect(await has(b, 'k'), 'asked again').to.equal(false);
  });

  it('that are in use are asked for with each heartbeat', async () => {
    await put(a, 'k', 'red');
    expect(await has(b, 'k')).to.equal(true);
    await a.store.invalidateTags(['red']);
    expect(await has(b, 'k')).to.equal(true);
    b.shards.beginFence();
    await settle();
    expect(await has(b, 'k')).to.equal(false);
  });

  it('that are in use cost a read nothing, and others one command', async () => {
    await put(a, 'k', 'red', 'blue', 'green');
    expect(await asked(b, () => has(b, 'k')), 'not known').to.equal(1 + 3);
    expect(await asked(b, () => has(b, 'k')), 'known').to.equal(1);
    for (let beat = 0; beat < 6; beat++) {
      await clock.advance(500);
      b.shards.beginFence();
      await settle();
    }
    expect(await asked(b, () => has(b, 'k')), 'kept current').to.equal(1);
    await clock.advance(15_000);
    const { calls } = b.door.commands;
    const before = calls.length;
    b.shards.beginFence();
    await settle();
    expect(calls.slice(before), 'not in use').to.deep.equal([]);
  });

  it('cost a read of many entries one command', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    for (const [i, key] of keys.entries()) await put(a, key, 'red', `own${i % 20}`);
    const { calls } = b.door.commands;
    const before = calls.length;
    const sent = await asked(b, () => b.store.getMany(keys));
    const records = sent - (calls.length - before);
    expect(calls.slice(before)).to.include('MGET request 50');
    expect(records, 'each record is asked for once').to.be.at.most(21);
  });

  it('that Redis said were changed are not believed', async () => {
    await put(a, 'k', 'red');
    expect(await has(b, 'k')).to.equal(true);
    await a.store.invalidateTags(['red']);
    b.shards.tags.toldOf('red');
    expect(await has(b, 'k')).to.equal(false);
  });

  it('whose change is learned reach the listeners', async () => {
    await put(a, 'k', 'red');
    await has(b, 'k');
    const heard: string[] = [];
    b.store.onChange((change) => {
      if ('tags' in change) heard.push(...[...change.tags].map((tag) => `${tag} ${change.when}`));
    });
    await a.store.invalidateTags(['red']);
    b.shards.beginFence();
    await settle();
    expect(heard, 'the record is gone').to.deep.equal(['red earlier']);
    await put(a, 'k', 'red');
    await has(b, 'k');
    await a.store.invalidateTags(['red']);
    await put(a, 'k', 'red');
    await clock.advance(500);
    b.shards.beginFence();
    await settle();
    expect(heard, 'the record has another version').to.deep.equal(['red earlier', 'red earlier']);
  });

  it('that were invalidated and named again end older entries alone', async () => {
    await put(a, 'old', 'red');
    await a.store.invalidateTags(['red']);
    await put(a, 'new', 'red');
    expect([await has(a, 'old'), await has(a, 'new')]).to.deep.equal([false, true]);
  });

  it('keep their version when processes make the record at once', async () => {
    const all = await Promise.all([a, b].map((process) => versions(process, 'red')));
    expect(all[0]).to.deep.equal(all[1]);
    await a.store.invalidateTags(['red']);
    expect((await versions(a, 'red'))[0]?.version).to.not.equal(all[0]?.[0]?.version);
  });

  it('have a record that lives twice as long as the entry, and is extended', async () => {
    await a.store.tagVersions(['red'], { lifeMs: 4 * 3_600_000 });
    expect(server.redis.msLeft(RECORD)).to.equal(8 * 3_600_000);
    await clock.advance(3 * 3_600_000);
    await b.store.tagVersions(['red'], { lifeMs: 4 * 3_600_000 });
    expect(server.redis.msLeft(RECORD), 'long enough').to.equal(5 * 3_600_000);
    await clock.advance(2 * 3_600_000);
    const before = await versions(b, 'red');
    await b.store.tagVersions(['red'], { lifeMs: 4 * 3_600_000 });
    expect(server.redis.msLeft(RECORD)).to.equal(8 * 3_600_000);
    expect(await versions(b, 'red')).to.deep.equal(before);
  });

  describe('that a load names late', () => {
    it('are refused if another process invalidated them since it began', async () => {
      const since = b.store.tagMoment();
      await put(a, 'k', 'red');
      await a.store.invalidateTags(['red']);
      await clock.advance(100);
      expect(await b.store.tagVersions(['red'], { ...NEED, since })).to.equal(undefined);
    });

    it('are refused if the record was made again since then', async () => {
      await put(a, 'k', 'red');
      const since = b.store.tagMoment();
      await a.store.invalidateTags(['red']);
      await put(a, 'k', 'red');
      await clock.advance(30_000);
      expect(await b.store.tagVersions(['red'], { ...NEED, since })).to.equal(undefined);
    });

    it('are refused if a tombstone may have ended since then', async () => {
      const since = b.store.tagMoment();
      await a.store.invalidateTags(['red']);
      await clock.advance(30_000);
      expect(await b.store.tagVersions(['red'], { ...NEED, since })).to.equal(undefined);
    });

    it('are taken if nothing happened, known or not', async () => {
      await put(a, 'k', 'red');
      await clock.advance(5_000);
      const since = b.store.tagMoment();
      await clock.advance(8_000);
      expect(await b.store.tagVersions(['red', 'new'], { ...NEED, since })).to.have.lengthOf(2);
      await a.store.invalidateTags(['red']);
      await put(a, 'k', 'red');
      await clock.advance(5_000);
      const fresh = new TierFixture({ clock, server }).open();
      const need = { ...NEED, since: fresh.store.tagMoment() };
      await clock.advance(60_000);
      expect(await fresh.store.tagVersions(['red'], need), 'made before').to.have.lengthOf(1);
    });
  });

  it('in an outage are what memory knows, and what this process invalidated', async () => {
    await put(a, 'k', 'red');
    await put(a, 'l', 'blue');
    await has(a, 'k');
    a.door.lose();
    expect([await has(a, 'k'), await has(a, 'l')]).to.deep.equal([true, true]);
    expect(await a.store.invalidateTags(['red'])).to.equal('deferred');
    expect([await has(a, 'k'), await has(a, 'l')]).to.deep.equal([false, true]);
    await put(a, 'k', 'red');
    expect(await has(a, 'k'), 'made in the outage').to.equal(true);
    await a.store.invalidateTags(['red']);
    expect(await has(a, 'k')).to.equal(false);
  });
});
