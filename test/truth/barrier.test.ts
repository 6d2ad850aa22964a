import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, World } from './world.js';

describe('the read barrier', () => {
  let world: World;
  let a: Member;

  beforeEach(async () => {
    world = await World.start();
    a = await world.join();
    await a.cache.set('k', 'old');
  });

  afterEach(() => world.close());

  /** A request that may not wait for Redis any more: what it writes is in the journal, and Redis knows nothing of it. */
  const impatient = async (): Promise<Member['cache']> => {
    const request = a.cache.forRequest();
    a.proxy.blackhole();
    await request.get('something');
    await a.proxy.pass();
    expect(await a.cache.set('something', 'else')).to.equal('applied');
    expect(a.cache.status().mode).to.equal('normal');
    return request;
  };

  it('keeps a key in the journal from being read in Redis, though Redis is well', async () => {
    const request = await impatient();
    expect(await request.delete('k')).to.equal('deferred');
    expect(await world.slot('k')).to.match(/old/);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await a.cache.getOrSet('k', () => 'new')).to.equal('new');
    await until(() => a.cache.status().journal.entries === 0, 'the journal is replayed');
    expect(await world.slot('k')).to.not.match(/old/);
  });

  it('keeps out a reply that was on its way when its key was journaled', async () => {
    const request = await impatient();
    a.proxy.slow(60);
    const asked = a.cache.get('k');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await request.delete('k')).to.equal('deferred');
    expect(await asked).to.equal(undefined);
    a.proxy.slow(0);
    await until(() => a.cache.status().journal.entries === 0, 'the journal is replayed');
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

  it('is lifted for a key only by an answer to what was sent after its last change', async () => {
    const request = await impatient();
    a.proxy.slow(40);
    expect(await request.delete('k')).to.equal('deferred');
    // The replay is sent after 50 ms and answered after 90: the second delete falls between.
    await new Promise((resolve) => setTimeout(resolve, 65));
    await world.server.command('SET', 'cache:k', 'anything');
    expect(await request.set('k', 'newer')).to.equal('deferred');
    await new Promise((resolve) => setTimeout(resolve, 45));
    expect(a.cache.status().journal.entries).to.equal(1);
    expect(await a.cache.get('k')).to.equal('newer');
    a.proxy.slow(0);
    await until(() => a.cache.status().journal.entries === 0, 'the journal is replayed');
  });
});

describe('memory', () => {
  let world: World;
  let a: Member;

  beforeEach(async () => {
    world = await World.start();
    a = await world.join();
    await a.cache.set('k', 'old');
    a.proxy.slow(20);
  });

  afterEach(() => world.close());

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
  it('is a miss, and the connection is made anew', async () => {
    const world = await World.start();
    try {
      const a = await world.join();
      await a.cache.set('k', 'of k');
      await world.server.command('COPY', 'cache:k', 'cache:other');
      expect(await a.cache.get('other')).to.equal(undefined);
      await isIn('normal', a);
      expect(a.changes.map(({ to }) => to)).to.include('degraded');
      expect(await a.cache.get('k')).to.equal('of k');
      await until(async () => !/of k/.test((await world.slot('other')) ?? ''), 'it is removed');
    } finally {
      await world.close();
    }
  });
});
