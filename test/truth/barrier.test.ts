import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

describe('the read barrier', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
    await a.cache.set('k', 'old');
  });

  const isReplayed = async (): Promise<void> => {
    await world.releaseWrites();
    await until(() => a.cache.status().journal.entries === 0, 'the journal is replayed');
  };

  it('keeps a key in the journal from being read in Redis, though Redis answers reads', async () => {
    await world.holdWrites();
    expect(await a.cache.delete('k')).to.equal('deferred');
    expect(await world.slot('k')).to.match(/old/);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await a.cache.getOrSet('k', () => 'new')).to.equal('new');
    await isReplayed();
    expect(await world.slot('k')).to.not.match(/old/);
  });

  it('keeps out a reply that was on its way when its key was changed', async () => {
    a.proxy.blackhole();
    const asked = a.cache.get('k');
    const deleted = a.cache.delete('k');
    await a.proxy.pass();
    expect(await asked).to.equal(undefined);
    await deleted;
    expect(await a.cache.get('k')).to.equal(undefined);
  });

  it('keeps a pattern being cleared from being read until every key is gone', async () => {
    a.proxy.slow(30);
    const cleared = a.cache.clear('k*');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await cleared).to.equal('applied');
    expect(await world.slot('k')).to.equal(null);
  });

  it('is lifted for a key only by an answer to a command sent after its last change', async () => {
    await world.holdWrites();
    expect(await a.cache.delete('k')).to.equal('deferred');
    expect(await a.cache.set('k', 'newer')).to.equal('deferred');
    expect(a.cache.status().journal.entries).to.equal(1);
    expect(await a.cache.get('k')).to.equal('newer');
    await isReplayed();
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.be.oneOf(['newer', undefined]);
    expect(await world.slot('k')).to.not.match(/old/);
  });
});

describe('memory', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
    await a.cache.set('k', 'old');
    a.proxy.slow(20);
  });

  for (const [name, write, expected] of [
    ['set', () => a.cache.set('k', 'new'), 'new'],
    ['deleted', () => a.cache.delete('k'), undefined],
    ['cleared', () => a.cache.clear(), undefined],
  ] as const) {
    it(`does not learn an old value from a reply that was on its way when the key was ${name}`, async () => {
      const asked = a.cache.get('k');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await write()).to.equal('applied');
      await asked;
      await world.server.kill();
      await isIn('degraded', a);
      expect(await a.cache.get('k')).to.equal(expected);
    });
  }
});

describe("another key's entry", () => {
  const world = useWorld();

  it('is a counted miss, and costs no connection', async () => {
    const a = await world.join();
    await a.cache.set('k', 'of k');
    await world.server.command('COPY', 'cache:k', 'cache:other');
    expect(await a.cache.get('other')).to.equal(undefined);
    expect(a.cache.status().metrics.errors).to.equal(1);
    expect(a.changes).to.deep.equal([]);
    expect(a.proxy.accepted).to.equal(1);
    expect(await a.cache.get('k')).to.equal('of k');
  });
});
