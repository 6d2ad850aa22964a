import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { until } from '../support/wait.js';
import { Database, isIn, type Member, Reader, useWorld, type World } from './world.js';

const KEY = 'product:1';

interface Fault {
  readonly name: string;
  begin(world: World): Promise<void>;
  end(world: World): Promise<void>;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'hangs',
    begin: async ({ server }) => server.hang(),
    end: async ({ server }) => server.thaw(),
  },
  {
    name: 'is black-holed',
    begin: async ({ members }) => setAll(members, 'blackhole'),
    end: async ({ members }) => setAll(members, 'pass'),
  },
  {
    name: 'is killed and restarted from its dump',
    begin: async ({ server }) => {
      await server.save();
      await server.kill();
    },
    end: async ({ server }) => server.restart(),
  },
  {
    name: 'resets every connection and refuses new ones',
    begin: async ({ members }) => setAll(members, 'refuse'),
    end: async ({ members }) => setAll(members, 'pass'),
  },
];

async function setAll(
  members: readonly Member[],
  mode: 'blackhole' | 'pass' | 'refuse',
): Promise<void> {
  for (const { proxy } of members) await proxy[mode]();
}

describe('Redis comes back with what was changed during the outage', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;
  let database: Database;
  let readers: Reader[];

  const read = ({ cache }: { cache: CacheHandle }): Promise<number> =>
    cache.getOrSet(KEY, database.load);

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
    database = new Database();
    expect(await read(a), 'what A loads').to.equal(1);
    expect(await read(b), 'what B finds').to.equal(1);
    readers = [new Reader(() => read(a)), new Reader(() => read(b))];
  });

  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.stop()));
    await world.close();
  });

  for (const fault of FAULTS) {
    for (const isKnown of [true, false]) {
      const when = isKnown ? 'once that is known' : 'before that is known';
      it(`${fault.name}, A deletes ${when}: no process reads the old value after the replay, A never`, async () => {
        await fault.begin(world);
        if (isKnown) await isIn('degraded', a, b);
        database.value = 2;
        expect(await a.cache.delete(KEY)).to.equal('deferred');
        const deletedAt = performance.now();
        await isIn('degraded', a, b);
        await fault.end(world);
        await isIn('normal', a, b);
        const replayedAt = performance.now();
        const [ofA, ofB] = readers as [Reader, Reader];
        await until(() => ofB.since(replayedAt).length > 20, 'B has read a while');
        await until(() => ofA.since(replayedAt).length > 20, 'A has read a while');
        expect(new Set(ofA.since(deletedAt)), 'what A reads').to.deep.equal(new Set([2]));
        expect(new Set(ofB.since(replayedAt)), 'what B reads').to.deep.equal(new Set([2]));
        expect(await world.slot(KEY), 'what Redis holds').to.match(/2$/);
      });
    }
  }

  it('still holds the old value when it is used again, so that the replay removes it', async () => {
    await setAll(world.members, 'refuse');
    await isIn('degraded', a, b);
    database.value = 2;
    await a.cache.delete(KEY);
    expect(await world.slot(KEY)).to.match(/1$/);
    await a.proxy.pass();
    await isIn('normal', a);
    await until(async () => (await world.slot(KEY))?.endsWith('2') === true, 'A loads it anew');
    await b.proxy.pass();
    await isIn('normal', b);
    const backAt = performance.now();
    const [, ofB] = readers as [Reader, Reader];
    await until(() => ofB.since(backAt).length > 20, 'B has read a while');
    expect(new Set(ofB.since(backAt))).to.deep.equal(new Set([2]));
  });
});

describe('a write made while Redis is away', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
    await a.cache.set('k', 'old');
    await a.proxy.refuse();
    await isIn('degraded', a);
  });

  it('is deferred, read by its own process, and replayed as a delete', async () => {
    expect(await a.cache.set('k', 'new')).to.equal('deferred');
    expect(await a.cache.get('k')).to.equal('new');
    expect(a.cache.status().journal.entries).to.equal(1);
    await a.proxy.pass();
    await isIn('normal', a);
    expect(a.cache.status().journal.entries).to.equal(0);
    expect(await b.cache.get('k')).to.equal(undefined);
  });

  it('is a clear: every key that matches is gone for its process at once, for others after a sweep', async () => {
    await b.cache.set('products:1', 'old');
    await b.cache.set('users:1', 'other');
    expect(await a.cache.clear('products:*')).to.equal('deferred');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await a.cache.get('products:1')).to.equal(undefined);
    await until(async () => (await b.cache.get('products:1')) === undefined, 'it is swept');
    expect(await b.cache.get('users:1')).to.equal('other');
  });

  it('blocks its key alone: other keys are read as before once Redis is back', async () => {
    await b.cache.set('other', 'kept');
    await a.cache.delete('k');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await a.cache.get('other')).to.equal('kept');
  });

  it('stays in the journal when the replay fails half-way', async () => {
    await a.cache.delete('k');
    for (let i = 0; i < 2_000; i++) await a.cache.delete(`k${i}`);
    world.server.hang();
    await a.proxy.pass();
    await a.cache.delete('last');
    expect(a.cache.status().mode).to.equal('degraded');
    expect(a.cache.status().journal.entries).to.equal(2_002);
    world.server.thaw();
    await isIn('normal', a);
    expect(a.cache.status().journal.entries).to.equal(0);
    expect(await b.cache.get('k')).to.equal(undefined);
  });

  it('is applied again once Redis is back', async () => {
    await a.cache.delete('k');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(await a.cache.set('k', 'newest')).to.equal('applied');
    expect(await b.cache.get('k')).to.equal('newest');
    expect(await a.cache.delete('k')).to.equal('applied');
  });
});

describe('the recovery gate', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
  });

  it('opens when the journal has been replayed, and not before', async () => {
    await a.cache.set('k0', 'old');
    await a.proxy.refuse();
    await isIn('degraded', a);
    for (let i = 0; i < 3_000; i++) await a.cache.delete(`k${i}`);
    const seen: string[] = [];
    a.cache.on('modechange', ({ to }) => {
      const { status, journal } = a.cache.status();
      seen.push(`${to}: ${status}, ${journal.entries} writes wait`);
    });
    await a.proxy.pass();
    await isIn('normal', a);
    expect(seen).to.deep.equal([
      'recovering: degraded, 3000 writes wait',
      'normal: up, 0 writes wait',
    ]);
    expect(await world.slot('k0')).to.not.match(/old/);
  });
});
