import { expect } from 'chai';
import { until } from '../support/wait.js';
import { GENERATION, isIn, type Member, useWorld } from './world.js';

const MAX = 10_000;

describe('a journal that is full', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
    await a.cache.set('untouched', 'old');
    await a.cache.set('k0', 'old');
    await a.proxy.refuse();
    await isIn('degraded', a);
  });

  const deleteMany = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, i) => a.cache.delete(`k${i}`)));

  const bumps = (lines: readonly string[]): number =>
    lines.filter((line) => line.includes(`"SET" "${GENERATION}"`)).length;

  it(`holds ${MAX} writes and replays each of them`, async () => {
    const generation = await world.generation();
    await deleteMany(MAX);
    expect(a.cache.status().journal).to.deep.equal({ entries: MAX, max: MAX, overflows: 0 });
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await world.generation()).to.equal(generation);
    expect(await a.cache.get('k0')).to.equal(undefined);
    expect(await a.cache.get('untouched')).to.equal('old');
    expect(a.log.warnings).to.deep.equal([]);
  });

  it('collapses with one more into one change of generation: nothing old is reachable for any process', async () => {
    const generation = await world.generation();
    await deleteMany(MAX + 1);
    expect(a.log.warnings.length, 'lines about it').to.equal(1);
    expect(a.log.warnings[0]).to.match(/more than 10000 writes wait for Redis/);
    expect(a.cache.status().journal.overflows).to.equal(1);
    const monitor = await world.server.monitor();
    await a.proxy.pass();
    await isIn('normal', a);
    await monitor.stop();
    expect(bumps(monitor.lines), 'changes of generation').to.equal(1);
    expect(await world.generation()).to.not.equal(generation);
    expect(await world.slot('k0'), 'what is under the key').to.match(/old/);
    expect(await a.cache.get('k0')).to.equal(undefined);
    expect(await a.cache.get('untouched')).to.equal(undefined);
    await until(async () => (await b.cache.get('k0')) === undefined, 'B hears of it');
    expect(await b.cache.get('untouched')).to.equal(undefined);
  });

  it('works again afterwards, and replays changes that were recorded after the collapse', async () => {
    await deleteMany(MAX + 1);
    expect(await a.cache.set('later', 'new')).to.equal('deferred');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(a.cache.status().journal.entries).to.equal(0);
    expect(await a.cache.set('k0', 'new')).to.equal('applied');
    expect(await a.cache.get('k0')).to.equal('new');
  });

  it('blocks every key until the generation was changed', async () => {
    await deleteMany(MAX + 1);
    world.server.hang();
    await a.proxy.pass();
    expect(await a.cache.get('k0')).to.equal(undefined);
    expect(await a.cache.get('k9999')).to.equal(undefined);
    world.server.thaw();
    await isIn('normal', a);
    expect(await a.cache.get('k0')).to.equal(undefined);
  });

  it('blocks every key also while Redis is well and has not been told', async () => {
    const c = await world.join({ journal: { max: 2 } });
    await world.holdWrites();
    expect(await c.cache.deleteMany(['k1', 'k2', 'k3'])).to.equal('deferred');
    expect(c.log.warnings).to.have.length(1);
    expect(await world.slot('k0')).to.match(/old/);
    expect(await c.cache.get('k0')).to.equal(undefined);
    await world.releaseWrites();
    await until(() => c.cache.status().journal.entries === 0, 'the generation is changed');
    expect(await c.cache.get('untouched')).to.equal(undefined);
  });

  it('forgets loaded values before it collapses', async () => {
    const c = await world.join({ memory: { max: 2 * MAX } });
    await c.proxy.refuse();
    await isIn('degraded', c);
    for (let i = 0; i < MAX; i++) await c.cache.getOrSet(`loaded${i}`, () => i);
    expect(c.cache.status().journal.entries).to.equal(MAX);
    const generation = await world.generation();
    for (let i = 0; i < 10; i++) await c.cache.delete(`k${i}`);
    expect(c.log.warnings).to.deep.equal([]);
    await c.proxy.pass();
    await isIn('normal', c);
    expect(await world.generation()).to.equal(generation);
    expect(await c.cache.get('k0')).to.equal(undefined);
    expect(await c.cache.get('untouched')).to.equal('old');
  });
});
