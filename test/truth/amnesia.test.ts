import { expect } from 'chai';
import { until } from '../support/wait.js';
import { GENERATION, isIn, type Member, POSITIONS, useWorld } from './world.js';

const FORGOTTEN = /came back without writes it had acknowledged/;

/** More acknowledged writes than a process keeps labels for. */
const TOO_MANY = 10_500;

const complaints = ({ log }: Member): number =>
  log.errors.filter((line) => FORGOTTEN.test(line)).length;

describe('Redis comes back without what it had acknowledged', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
  });

  /** Redis dies and comes back with its dump, and nobody gets in before `meanwhile` has looked. */
  const restoreDump = async (meanwhile: () => Promise<unknown> = async () => {}): Promise<void> => {
    await world.server.kill();
    await isIn('degraded', ...world.members);
    for (const { proxy } of world.members) await proxy.refuse();
    await world.server.restart();
    await meanwhile();
    await world.letIn(...world.members);
  };

  const isStill = async (key: string, text: RegExp): Promise<void> => {
    expect(await world.slot(key)).to.match(text);
  };

  it('from an old dump: what is known to be missing is replayed, and the rest is believed', async () => {
    const b = await world.join();
    await a.cache.set('k', 'old');
    await a.cache.set('other', 'kept');
    await world.fenced(a);
    await world.server.save();
    const generation = await world.generation();
    expect(await a.cache.delete('k')).to.equal('applied');
    await world.fenced(a);
    await restoreDump(() => isStill('k', /old/));
    await isIn('normal', a, b);
    expect(await world.generation()).to.equal(generation);
    for (const { cache } of [a, b]) {
      expect(await cache.get('k')).to.equal(undefined);
      expect(await cache.get('other')).to.equal('kept');
    }
    expect(complaints(a) + complaints(b)).to.equal(0);
    expect(await a.cache.set('k', 'new')).to.equal('applied');
    expect(await b.cache.get('k')).to.equal('new');
  });

  it('and more of it than is remembered: the generation changes, which is logged once', async () => {
    const b = await world.join();
    await a.cache.set('k', 'old');
    await a.cache.set('other', 'also unbelievable');
    await world.fenced(a);
    await world.server.save();
    const generation = await world.generation();
    expect(await a.cache.delete('k')).to.equal('applied');
    const keys = Array.from({ length: TOO_MANY }, (_, i) => `k${i}`);
    expect(await a.cache.deleteMany(keys)).to.equal('applied');
    await world.fenced(a);
    await restoreDump(() => isStill('k', /old/));
    await isIn('normal', a, b);
    expect(await world.generation()).to.not.equal(generation);
    for (const { cache } of [a, b]) {
      expect(await cache.get('k')).to.equal(undefined);
      expect(await cache.get('other')).to.equal(undefined);
    }
    expect(complaints(a)).to.equal(1);
    expect(complaints(b)).to.equal(0);
  });

  it('from a dump of a time before the cache: what is under the prefix is not believed', async () => {
    await a.cache.set('k', 'old');
    await world.server.command('DEL', POSITIONS, GENERATION);
    await world.server.save();
    await restoreDump(() => isStill('k', /old/));
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(complaints(a)).to.equal(0);
  });

  it('from a dump of an older lineage: it is not believed', async () => {
    await a.cache.set('k', 'old');
    const record = (await world.server.command('HGETALL', POSITIONS)) as string[];
    const generation = (await world.generation()) as string;
    const slot = (await world.slot('k')) as string;
    const reborn = async (): Promise<void> => {
      await world.server.kill();
      await isIn('degraded', a);
      await a.proxy.refuse();
      await world.server.restart({ empty: true });
    };
    await reborn();
    await a.proxy.pass();
    await isIn('normal', a);
    await reborn();
    await world.server.command('HSET', POSITIONS, ...record);
    await world.server.command('HINCRBY', POSITIONS, 'n', '1000');
    await world.server.command('SET', GENERATION, generation);
    await world.server.command('SET', 'cache:k', slot, 'PX', '60000');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await world.generation()).to.not.equal(generation);
    expect(await a.cache.get('k')).to.equal(undefined);
  });

  it('from a dump that had counted further, before the record was evicted: it is replayed', async () => {
    await a.cache.set('k', 'old');
    for (let i = 0; i < 5; i++) await world.fenced(a);
    await world.server.save();
    await world.server.command('DEL', POSITIONS);
    await until(async () => (await world.fences()) === 0, 'the record is made anew');
    expect(await a.cache.delete('k')).to.equal('applied');
    await world.fenced(a);
    await restoreDump(() => isStill('k', /old/));
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await world.slot('k')).to.not.match(/old/);
  });

  it('is no amnesia when it is empty: nothing old is there, and nothing is logged', async () => {
    await a.cache.set('k', 'old');
    await world.server.kill();
    await isIn('degraded', a);
    await world.server.restart({ empty: true });
    await isIn('normal', a);
    expect(complaints(a)).to.equal(0);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await a.cache.set('k', 'new')).to.equal('applied');
    expect(await a.cache.get('k')).to.equal('new');
  });

  it('is no amnesia when nothing was lost: entries are still there', async () => {
    await a.cache.deleteMany(Array.from({ length: TOO_MANY }, (_, i) => `k${i}`));
    await a.cache.set('k', 'kept');
    await world.fenced(a);
    const generation = await world.generation();
    await world.server.save();
    await restoreDump();
    await isIn('normal', a);
    expect(await world.generation()).to.equal(generation);
    expect(await a.cache.get('k')).to.equal('kept');
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
        await world.fenced(a);
        const generation = await world.generation();
        await world.server.save();
        expect(await write()).to.equal('applied');
        await restoreDump(() => isStill('k', /old/));
        await isIn('normal', a);
        expect(await a.cache.get('k')).to.not.equal('old');
        await until(async () => !/old/.test((await world.slot('k')) ?? ''), 'it is gone');
        expect(await world.generation(), 'nothing else is lost').to.equal(generation);
        expect(await a.cache.get('other')).to.equal('kept');
      });
    }

    it('is made again also when it was itself a replay', async () => {
      await a.cache.set('k', 'old');
      await world.fenced(a);
      await world.server.save();
      await world.isolate(a);
      await a.cache.delete('k');
      await a.proxy.pass();
      await isIn('normal', a);
      expect(await world.slot('k')).to.not.match(/old/);
      await restoreDump(() => isStill('k', /old/));
      await isIn('normal', a);
      expect(await a.cache.get('k')).to.equal(undefined);
      expect(await world.slot('k')).to.not.match(/old/);
    });

    it('is not served by a server that can be read only', async () => {
      await a.cache.set('k', 'old');
      await world.fenced(a);
      await world.server.save();
      expect(await a.cache.delete('k')).to.equal('applied');
      await restoreDump(async () => {
        await isStill('k', /old/);
        await world.server.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
      });
      await until(() => a.cache.status().reason === 'read_only', 'it refuses writes');
      expect(await a.cache.get('k')).to.equal(undefined);
    });
  });
});
