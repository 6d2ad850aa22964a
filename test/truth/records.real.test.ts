import { expect } from 'chai';
import { until } from '../support/wait.js';
import { type FleetProcess, useFleet } from './fleet.js';
import { GENERATION, isIn, POSITIONS, useWorld } from './world.js';

const PROCESSES = 5;
const ROUNDS = 12;

/** An eviction, or an operator. */
const DELETIONS: readonly (readonly string[])[] = [
  ['DEL', POSITIONS],
  ['DEL', GENERATION],
  ['DEL', POSITIONS, GENERATION],
  ['FLUSHALL'],
];

describe('the records are deleted', () => {
  const world = useWorld();
  const start = useFleet();

  const inAll = <T>(fleet: readonly FleetProcess[], task: (each: FleetProcess) => Promise<T>) =>
    Promise.all(fleet.map(task));

  it('at any moment, under five processes: nothing old comes back, and there is no outage', async function () {
    this.timeout(60_000);
    const fleet = await Promise.all(
      Array.from({ length: PROCESSES }, () => start(world.server.url)),
    );
    await inAll(fleet, (each) => each.isNormal());
    const said = await inAll(fleet, async (each) => (await each.lines()).length);
    for (let round = 0; round < ROUNDS; round++) {
      const author = fleet[round % PROCESSES] as FleetProcess;
      const key = `k${round}`;
      // The others keep writing, so that fences and changes meet the deletion anywhere.
      const noise = inAll(fleet, (each) => each.set(`noise${round}`, round));
      await author.set(key, 'old');
      const changed = round % 3 === 2 ? author.clear() : author.delete(key);
      const deleted = world.server.command(...(DELETIONS[round % DELETIONS.length] ?? []));
      expect(await changed).to.equal('applied');
      await Promise.all([noise, deleted]);
      const isGone = async (): Promise<boolean> =>
        (await inAll(fleet, (each) => each.get(key))).every((value) => value === null);
      if (round % 3 === 2) await until(isGone, 'a clear has been heard of');
      else expect(await isGone(), `round ${round}`).to.equal(true);
      const isWhole = async (): Promise<boolean> =>
        (await world.server.command('EXISTS', POSITIONS, GENERATION)) === 2;
      await until(isWhole, 'the records are made anew');
    }
    for (const [i, each] of fleet.entries()) {
      await each.isNormal();
      expect((await each.lines()).slice(said[i]), `lines of process ${i}`).to.deep.equal([]);
      const { status, metrics } = await each.status();
      expect({ status, errors: metrics.errors }).to.deep.equal({ status: 'up', errors: 0 });
    }
  });

  it('and a process that missed a change of generation does not bring the old one back', async () => {
    const a = await world.join();
    const b = await world.join();
    await a.cache.set('k', 'old');
    expect(await b.cache.get('k')).to.equal('old');
    const slot = (await world.slot('k')) as string;
    await world.isolate(b);
    expect(await a.cache.clear()).to.equal('applied');
    await world.isolate(a);
    await world.server.command('DEL', POSITIONS, GENERATION);
    // Nobody has swept it.
    await world.server.command('SET', 'cache:k', slot, 'PX', '60000');
    await world.letIn(b);
    await isIn('normal', b);
    expect(await b.cache.get('k')).to.equal(undefined);
    await world.letIn(a);
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
  });

  it('one copy of the generation: it is repaired from the other', async () => {
    const a = await world.join();
    await a.cache.set('k', 'kept');
    const generation = await world.generation();
    await world.server.command('DEL', GENERATION);
    await until(async () => (await world.generation()) === generation, 'it is repaired');
    await world.server.command('HDEL', POSITIONS, 'gen');
    const copy = (): Promise<unknown> => world.server.command('HGET', POSITIONS, 'gen');
    await until(async () => (await copy()) === generation, 'the copy is repaired');
    expect(await a.cache.get('k')).to.equal('kept');
    expect(a.changes).to.deep.equal([]);
  });

  it('and something else stands under their names: they are made again', async () => {
    const a = await world.join();
    await a.cache.set('k', 'old');
    await world.server.command('SET', POSITIONS, 'not a hash');
    await until(
      async () => (await world.server.command('TYPE', POSITIONS)) === 'hash',
      'it is made anew',
    );
    await isIn('normal', a);
    expect(a.log.errors).to.deep.equal([]);
    expect(await a.cache.set('k', 'new')).to.equal('applied');
    expect(await a.cache.get('k')).to.equal('new');
  });
});
