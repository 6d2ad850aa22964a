import { expect } from 'chai';
import { gate } from '../../support/promises.js';
import { World } from './world.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `product:${i}`);

describe('warming by loaders', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
    world.leaveList(KEYS);
  });

  afterEach(() => world.end());

  it('runs none unless it is named', async () => {
    const loaded: string[] = [];
    const loaders = { 'user:': (id: string) => loaded.push(id) };
    world.process();
    world.process({ warm: { loaders } });
    await world.clock.advance(3_000);
    expect(loaded).to.deep.equal([]);
  });

  it('loads what Redis lacks, hottest first, and stores it in both tiers', async () => {
    const loaded: string[] = [];
    const loaders = {
      'product:': (id: string, { key }: { key: string }) => {
        loaded.push(key);
        return `loaded ${id}`;
      },
    };
    const cache = world.process({ warm: { loaders } });
    await world.clock.advance(50);
    expect(loaded).to.deep.equal(KEYS);
    expect(cache.status().warming).to.equal(undefined);
    expect(await cache.get('product:7')).to.equal('loaded 7');
    const other = world.process({ warm: false });
    await world.clock.advance(50);
    expect(await other.get('product:7')).to.equal('loaded 7');
    expect(cache.metrics().warm).to.deep.include({ values: { redis: 0, loader: 40 } });
  });

  it('takes the most specific loader', async () => {
    const loaders = { p: () => 'p', 'product:1': () => 'one', 'product:': () => 'product' };
    const cache = world.process({ warm: { loaders } });
    await world.clock.advance(50);
    const values = await cache.getMany(['product:12', 'product:2']);
    expect([...values.values()]).to.deep.equal(['one', 'product']);
  });

  it('runs eight at once', async () => {
    let running = 0;
    let most = 0;
    const doors = gate();
    const load = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await doors.promise;
      running--;
      return 'v';
    };
    const cache = world.process({ warm: { loaders: { 'product:': load } } });
    await world.clock.advance(500);
    expect(running).to.equal(8);
    doors.open();
    await world.clock.advance(500);
    expect(most).to.equal(8);
    expect(cache.metrics().warm?.values.loader).to.equal(40);
  });

  it('does not load twice in two processes, however long the loader takes', async () => {
    const loads = new Map<string, number>();
    const load = async (id: string): Promise<string> => {
      loads.set(id, (loads.get(id) ?? 0) + 1);
      await new Promise<void>((resolve) => void world.clock.setTimer(resolve, 1_500));
      return id;
    };
    const [a, b] = [0, 1].map(() => world.process({ warm: { loaders: { 'product:': load } } }));
    await world.clock.advance(60_000);
    expect(loads.size).to.equal(40);
    expect([...loads.values()].filter((count) => count > 1)).to.deep.equal([]);
    const counts = [a, b].map((cache) => cache?.metrics().warm?.values.loader ?? 0);
    expect((counts[0] as number) + (counts[1] as number)).to.equal(40);
  });

  it('shares its load with a caller', async () => {
    let loads = 0;
    const doors = gate();
    const load = async (): Promise<string> => {
      loads++;
      await doors.promise;
      return 'warm';
    };
    const cache = world.process({ warm: { loaders: { 'product:0': load } } });
    await world.clock.advance(50);
    const value = cache.getOrSet('product:0', () => 'own');
    doors.open();
    await world.clock.advance(50);
    expect([await value, loads]).to.deep.equal(['warm', 1]);
  });

  it('that hang cost a caller two seconds at most, and then its own loader runs', async () => {
    const load = (): Promise<never> => new Promise(() => {});
    const cache = world.process({ warm: { loaders: { 'product:': load } } });
    await world.clock.advance(50);
    const value = cache.getOrSet('product:0', () => 'own');
    await world.clock.advance(2_000);
    expect(await value).to.equal('own');
    expect(cache.metrics().loads.results.timeout).to.be.at.least(1);
  });

  it('that hang are not called again after a few, and hold no place for long', async () => {
    let runs = 0;
    const load = (): Promise<never> => {
      runs++;
      return new Promise(() => {});
    };
    const cache = world.process({ warm: { loaders: { 'product:': load } } });
    await world.clock.advance(60_000);
    expect(runs).to.be.at.most(16);
    expect(cache.metrics().loads.inFlight).to.equal(0);
  });

  it('that fail give no caller an error, and no caller an old value for it', async () => {
    const doors = gate();
    const load = async (): Promise<never> => {
      await doors.promise;
      throw new Error('broken');
    };
    const cache = world.process({ warm: { loaders: { 'product:': load } } });
    await world.clock.advance(50);
    const value = cache.getOrSet('product:0', () => 'own');
    doors.open();
    await world.clock.advance(50);
    expect(await value).to.equal('own');
    expect(await cache.getOrSet('product:1', () => 'own, too')).to.equal('own, too');
  });

  it('do not undo a delete that comes while they run', async () => {
    const doors = gate();
    const load = async (): Promise<string> => {
      await doors.promise;
      return 'from before the delete';
    };
    const cache = world.process({ warm: { loaders: { 'product:0': load } } });
    await world.clock.advance(50);
    await cache.delete('product:0');
    doors.open();
    await world.clock.advance(50);
    expect(await cache.get('product:0')).to.equal(undefined);
  });

  it('wait while callers wait for a place', async () => {
    let warmLoads = 0;
    const doors = gate();
    const loaders = { 'product:': () => ++warmLoads };
    const cache = world.process({ warm: { loaders }, maxConcurrentLoads: 2 });
    // All places are taken before warming begins, and some callers wait.
    const values = ['x', 'y', 'z'].map((key) => cache.getOrSet(key, () => doors.promise));
    await world.clock.advance(1_000);
    expect([warmLoads, cache.metrics().loads.queued]).to.deep.equal([0, 1]);
    doors.open();
    await world.clock.advance(1_000);
    await Promise.all(values);
    expect(warmLoads).to.equal(40);
  });

  it('keep running after readiness says yes', async () => {
    const load = async (id: string): Promise<string> => {
      await new Promise<void>((resolve) => void world.clock.setTimer(resolve, 1_000));
      return id;
    };
    const cache = world.process({ warm: { loaders: { 'product:': load } } });
    await world.clock.advance(2_000);
    expect(cache.status().warming).to.equal(undefined);
    expect(cache.metrics().warm?.values.loader).to.be.below(40);
    await world.clock.advance(5_000);
    expect(cache.metrics().warm?.values.loader).to.equal(40);
  });
});
