import { expect } from 'chai';
import { until } from '../support/wait.js';
import { useFleet } from './fleet.js';
import { isIn, type Member, useWorld } from './world.js';

/** A process that knows nothing comes to a Redis that lost writes, before those that could tell it. */
describe('a fresh process connects first', () => {
  const world = useWorld();
  const start = useFleet();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
    await a.cache.set('k', 'old');
    await world.fenced(a);
    await world.server.save();
  });

  const restoreDump = async (): Promise<void> => {
    await world.server.kill();
    await isIn('degraded', ...world.members);
    for (const { proxy } of world.members) await proxy.refuse();
    await world.server.restart();
    expect(await world.slot('k')).to.match(/old/);
  };

  it('and reads nothing that a living process deleted', async () => {
    expect(await a.cache.delete('k')).to.equal('applied');
    await world.fenced(a);
    await restoreDump();
    const fresh = await start(world.server.url);
    await fresh.watch('k');
    await until(async () => (await fresh.status()).mode === 'recovering', 'it has connected');
    await a.proxy.pass();
    await fresh.isNormal();
    await isIn('normal', a);
    expect(await fresh.get('k')).to.equal(null);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await fresh.seen()).to.deep.equal([null]);
    expect(await fresh.lines()).to.not.match(/came back without/);
  });

  it('and waits once more when it is cut off before the reign has settled', async () => {
    expect(await a.cache.delete('k')).to.equal('applied');
    await restoreDump();
    const b = await world.enter();
    const modes = b.changes;
    await until(() => modes.some(({ to }) => to === 'recovering'), 'it has connected');
    b.proxy.reset();
    await until(() => b.proxy.accepted > 1, 'it connects again');
    const seen = new Set<unknown>();
    await a.proxy.pass();
    await until(async () => {
      seen.add(await b.cache.get('k'));
      return b.cache.status().mode === 'normal' && a.cache.status().mode === 'normal';
    }, 'both are normal');
    seen.add(await b.cache.get('k'));
    expect([...seen]).to.deep.equal([undefined]);
  });

  it('and what a process cleared that has died since stays cleared, if another process knows it', async () => {
    const author = await start(world.server.url);
    await author.isNormal();
    const generation = await world.generation();
    expect(await author.clear()).to.equal('applied');
    expect(await author.set('mark', 'new')).to.equal('applied');
    await until(async () => (await a.cache.get('mark')) === 'new', 'A has heard of it');
    await author.kill();
    await restoreDump();
    expect(await world.generation()).to.equal(generation);
    const fresh = await start(world.server.url);
    await until(async () => (await fresh.status()).mode === 'recovering', 'it has connected');
    await a.proxy.pass();
    await fresh.isNormal();
    await isIn('normal', a);
    expect(await world.generation()).to.not.equal(generation);
    expect(await a.cache.get('k')).to.equal(undefined);
    await until(async () => (await fresh.get('k')) === null, 'the fresh process has heard of it');
  });

  it('and an empty Redis is read at once: nothing old can be there', async () => {
    await world.server.kill();
    await isIn('degraded', a);
    await a.proxy.refuse();
    await world.server.restart({ empty: true });
    const b = await world.join();
    expect(b.changes.length).to.equal(0);
    const chain = String(await world.server.command('HGET', 'cache:__ech:{ech}:pos', 'chain'));
    expect(chain, 'the reign is marked as one without a settling time').to.match(/:0:0$/);
    expect(await b.cache.set('k', 'new')).to.equal('applied');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal('new');
  });
});
