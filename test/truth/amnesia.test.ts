import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, World } from './world.js';

const FORGOTTEN = /came back without writes it had acknowledged/;

const complaints = ({ log }: Member): number =>
  log.errors.filter((line) => FORGOTTEN.test(line)).length;

describe('Redis comes back without what it had acknowledged', () => {
  let world: World;
  let a: Member;

  beforeEach(async () => {
    world = await World.start();
    a = await world.join();
  });

  afterEach(() => world.close());

  /** The next pulse has been acknowledged: what was written before it is behind a fence. */
  const nextPulse = async (): Promise<void> => {
    const before = await world.fence();
    await until(async () => (await world.fence()) >= before + world.members.length, 'a pulse');
    await a.cache.has('anything');
  };

  /** Redis dies and comes back with its dump, and nobody gets in before `meanwhile` has looked. */
  const restoreDump = async (meanwhile: () => Promise<void> = async () => {}): Promise<void> => {
    await world.server.kill();
    await isIn('degraded', ...world.members);
    for (const { proxy } of world.members) await proxy.refuse();
    await world.server.restart();
    await meanwhile();
    for (const { proxy } of world.members) await proxy.pass();
  };

  it('from an old dump: the generation changes, which is logged, and nothing in it is believed', async () => {
    const b = await world.join();
    await a.cache.set('k', 'old');
    await a.cache.set('other', 'also unbelievable');
    await world.server.save();
    await nextPulse();
    const generation = await world.generation();
    expect(await a.cache.delete('k')).to.equal('applied');
    await nextPulse();
    await restoreDump(async () => expect(await world.slot('k')).to.match(/old/) as never);
    await isIn('normal', a, b);
    expect(await world.generation()).to.not.equal(generation);
    for (const { cache } of [a, b]) {
      expect(await cache.get('k')).to.equal(undefined);
      expect(await cache.get('other')).to.equal(undefined);
    }
    expect(complaints(a) + complaints(b)).to.be.within(1, 2);
    expect(await a.cache.set('k', 'new')).to.equal('applied');
    expect(await b.cache.get('k')).to.equal('new');
  });

  it('from a dump of a time before the cache: what is under the prefix is not believed', async () => {
    await a.cache.set('k', 'old');
    await world.server.command('DEL', 'cache:__ech:fence');
    await world.server.save();
    expect(await a.cache.delete('k')).to.equal('applied');
    await nextPulse();
    await nextPulse();
    await restoreDump(async () => expect(await world.slot('k')).to.match(/old/) as never);
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(complaints(a)).to.equal(1);
  });

  it('from a dump of an older lineage: it is not believed', async () => {
    await a.cache.set('k', 'old');
    const record = (await world.server.command('HGETALL', 'cache:__ech:fence')) as string[];
    const slot = (await world.slot('k')) as string;
    await world.server.kill();
    await isIn('degraded', a);
    await world.server.restart({ empty: true });
    await isIn('normal', a);
    await world.server.kill();
    await isIn('degraded', a);
    await a.proxy.refuse();
    await world.server.restart({ empty: true });
    await world.server.command('HSET', 'cache:__ech:fence', ...record);
    await world.server.command('HINCRBY', 'cache:__ech:fence', 'n', '1000');
    await world.server.command('SET', 'cache:k', slot, 'PX', '60000');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(complaints(a)).to.equal(1);
  });

  it('is no such thing when it is empty: the generation goes on and nobody complains', async () => {
    await a.cache.set('k', 'old');
    const generation = await world.generation();
    await world.server.kill();
    await isIn('degraded', a);
    await world.server.restart({ empty: true });
    await isIn('normal', a);
    expect(await world.generation()).to.equal(generation);
    expect(complaints(a)).to.equal(0);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await a.cache.set('k', 'new')).to.equal('applied');
    expect(await a.cache.get('k')).to.equal('new');
  });

  it('is no such thing when nothing was lost: entries are still there', async () => {
    await a.cache.set('k', 'kept');
    await nextPulse();
    const generation = await world.generation();
    await world.server.save();
    await restoreDump();
    await isIn('normal', a);
    expect(await world.generation()).to.equal(generation);
    expect(complaints(a)).to.equal(0);
  });

  describe('and what it lost is younger than the last fence', () => {
    for (const [name, write] of [
      ['a delete', () => a.cache.delete('k')],
      ['a set', () => a.cache.set('k', 'new')],
      ['a clear', () => a.cache.clear('k*')],
    ] as const) {
      it(`${name} is made again`, async () => {
        await a.cache.set('k', 'old');
        await a.cache.set('other', 'kept');
        await nextPulse();
        await nextPulse();
        const generation = await world.generation();
        await world.server.save();
        expect(await write()).to.equal('applied');
        await restoreDump(async () => expect(await world.slot('k')).to.match(/old/) as never);
        await isIn('normal', a);
        expect(await a.cache.get('k')).to.not.equal('old');
        expect(await world.slot('k')).to.not.match(/old/);
        expect(await world.generation(), 'nothing else is lost').to.equal(generation);
        expect(await a.cache.get('other')).to.equal('kept');
      });
    }

    it('is made again also when it was itself a replay', async () => {
      await a.cache.set('k', 'old');
      await a.proxy.refuse();
      await isIn('degraded', a);
      for (let i = 0; i < 5_000; i++) await a.cache.delete(`k${i}`);
      await a.cache.delete('k');
      const saved = new Promise<void>((resolve, reject) => {
        a.cache.on('modechange', ({ to }) => {
          if (to === 'recovering') world.server.save().then(resolve, reject);
        });
      });
      await a.proxy.pass();
      await Promise.all([saved, isIn('normal', a)]);
      await restoreDump(async () => expect(await world.slot('k')).to.match(/old/) as never);
      await isIn('normal', a);
      expect(await a.cache.get('k')).to.equal(undefined);
      expect(await world.slot('k')).to.not.match(/old/);
    });

    it('is not served by a server that can be read only', async () => {
      await a.cache.set('k', 'old');
      await nextPulse();
      await nextPulse();
      await world.server.save();
      expect(await a.cache.delete('k')).to.equal('applied');
      await restoreDump(async () => {
        expect(await world.slot('k')).to.match(/old/);
        await world.server.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
      });
      await until(() => a.cache.status().reason === 'read_only', 'it refuses writes');
      expect(await a.cache.get('k')).to.equal(undefined);
    });
  });
});
