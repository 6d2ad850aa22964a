import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

const RECORD = 'cache:__ech:tag:red';
const RED = { tags: ['red'] };

/** A loader that is in the middle of its work until it is told to end. */
class SlowLoader {
  runs = 0;
  end!: (value: string) => void;
  #begun!: () => void;
  readonly begun: Promise<void> = new Promise((resolve) => {
    this.#begun = resolve;
  });

  /** `late`: the tags that it names at its end. */
  readonly load = async (
    context: { setTags(tags: readonly string[]): void },
    late: readonly string[] = [],
  ): Promise<string> => {
    this.runs++;
    this.#begun();
    const value = await new Promise<string>((resolve) => {
      this.end = resolve;
    });
    context.setTags(late);
    return value;
  };
}

describe('tags', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
  });

  const commands = async (): Promise<number> => {
    const info = String(await world.server.command('INFO', 'commandstats'));
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1];
    return Number(calls ?? 0);
  };

  it('remove all their entries with one command', async () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}`);
    await a.cache.setMany(
      keys.map((key) => [key, key]),
      RED,
    );
    await a.cache.set('other', 1, { tags: ['blue'] });
    expect((await b.cache.getMany(keys)).size).to.equal(2_000);
    await world.fenced(a);
    await until(async () => {
      const before = await commands();
      expect(await a.cache.invalidateTags(['red'])).to.equal('applied');
      return (await commands()) - before === 1;
    }, 'no heartbeat came in between, and one script was run');
    expect((await a.cache.getMany(keys)).size).to.equal(0);
    await until(async () => (await b.cache.getMany(keys)).size === 0, 'B has heard of it');
    expect(await b.cache.get('other')).to.equal(1);
  });

  it('do not disturb the first load after a clear, which finds another record', async () => {
    await a.cache.set('k', 'old', RED);
    await a.cache.clear();
    let runs = 0;
    const outcome = await a.cache
      .getOrSet(
        'k',
        async () => {
          runs++;
          return a.cache.getOrSet('k', () => 'inner', RED);
        },
        RED,
      )
      .catch(({ code }) => code);
    expect([outcome, runs]).to.deep.equal(['ERR_CACHE_LOADER_CYCLE', 1]);
    await a.cache.getOrSet('k', () => 'new', RED);
    expect(await b.cache.get('k')).to.equal('new');
  });

  it('whose record Redis has evicted remove their entries, for ever', async () => {
    await a.cache.set('k', 'old', RED);
    expect(await b.cache.get('k')).to.equal('old');
    await world.server.command('DEL', RECORD);
    await until(async () => (await b.cache.get('k')) === undefined, 'B has seen it');
    await until(async () => (await a.cache.get('k')) === undefined, 'A has seen it');
    await a.cache.set('new', 'new', RED);
    expect(await world.server.command('EXISTS', RECORD)).to.equal(1);
    const fresh = await world.join();
    for (const { cache } of [a, b, fresh]) {
      expect(await cache.get('k')).to.equal(undefined);
      await until(async () => (await cache.get('new')) === 'new', 'the new one is valid');
    }
  });

  it('that were invalidated let their entries be loaded again, over what is in Redis', async () => {
    await a.cache.set('k', 'old', RED);
    await a.cache.invalidateTags(['red']);
    expect(await world.slot('k')).to.match(/old/);
    const keys = ['k', 'l'];
    const load = async (): Promise<Map<string, string>> => new Map(keys.map((key) => [key, 'new']));
    const loaded = await a.cache.getOrSetMany(keys, load, RED);
    expect([...loaded.values()]).to.deep.equal(['new', 'new']);
    expect(await a.cache.getOrSet('k', () => 'newer', RED)).to.equal('new');
  });

  it('are read with the entry, by a process that does not know them, in one more command', async () => {
    await a.cache.set('k', 1, { tags: ['red', 'blue', 'green'] });
    const fresh = await world.join();
    expect(await fresh.cache.get('k')).to.equal(1);
    await a.cache.invalidateTags(['blue']);
    const other = await world.join();
    expect(await other.cache.get('k')).to.equal(undefined);
  });

  it('outlive the entries that have them', async () => {
    await a.cache.set('k', 1, { tags: ['red'], ttl: '2h' });
    expect(await world.server.command('PTTL', RECORD)).to.be.above(2 * 3_600_000);
    await b.cache.set('l', 1, { tags: ['red'], ttl: '10h' });
    expect(await world.server.command('PTTL', RECORD)).to.be.above(10 * 3_600_000);
    expect(await b.cache.get('k')).to.equal(1);
  });

  for (const who of ['its own process', 'another process'] as const) {
    const invalidator = (): Member => (who === 'its own process' ? a : b);

    it(`of a load that runs when ${who} invalidates them end its value`, async () => {
      const loader = new SlowLoader();
      const caller = a.cache.getOrSet('k', (context) => loader.load(context), RED);
      await loader.begun;
      expect(await invalidator().cache.invalidateTags(['red'])).to.equal('applied');
      loader.end('old');
      expect(await caller).to.equal('old');
      expect(await invalidator().cache.get('k')).to.equal(undefined);
      await until(async () => (await a.cache.get('k')) === undefined, 'A has heard of it');
      const fresh = await world.join();
      expect(await fresh.cache.get('k')).to.equal(undefined);
    });

    it(`that a loader names after ${who} invalidated them end its value`, async () => {
      const loader = new SlowLoader();
      const caller = a.cache.getOrSet('k', (context) => loader.load(context, ['red', 'new']));
      await loader.begun;
      expect(await invalidator().cache.invalidateTags(['red'])).to.equal('applied');
      loader.end('old');
      expect(await caller).to.equal('old');
      const fresh = await world.join();
      for (const { cache } of [a, b, fresh]) expect(await cache.get('k')).to.equal(undefined);
      expect(await world.slot('k')).to.not.match(/old/);
    });
  }

  it('that a loader names are those of its value', async () => {
    let loads = 0;
    const load = async (context: { setTags(tags: readonly string[]): void }): Promise<number> => {
      context.setTags(['red']);
      context.setTags(['blue', 'red']);
      return ++loads;
    };
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => a.cache.getOrSet(key, load)));
    await Promise.all(keys.map((key) => a.cache.getOrSet(key, load)));
    expect(loads, 'each value was stored by its first load').to.equal(20);
    await a.cache.invalidateTags(['blue']);
    expect((await a.cache.getMany(keys)).size).to.equal(0);
  });

  for (const when of ['before', 'before and after'] as const) {
    it(`that were invalidated ${when} a later caller came let it not have the value of an older load`, async () => {
      const loader = new SlowLoader();
      const early = a.cache.getOrSet('k', (context) => loader.load(context, ['red']));
      await loader.begun;
      await a.cache.invalidateTags(['red']);
      const late = a.cache.getOrSet('k', () => 'new');
      await until(() => a.cache.metrics().coalesced.flight === 1, 'it shares the load');
      if (when === 'before and after') await a.cache.invalidateTags(['red']);
      loader.end('old');
      expect(await early).to.equal('old');
      expect(await late).to.equal('new');
    });
  }

  it('that another process invalidated, and the loader names at its end, let a later caller not have its value', async () => {
    for (const how of ['stored', 'not stored']) {
      const loader = new SlowLoader();
      const early = a.cache.getOrSet(how, async (context) => {
        const value = await loader.load(context, [how]); // a tag that this process does not know yet
        if (how === 'not stored') context.setTtl(0);
        return value;
      });
      await loader.begun;
      await b.cache.invalidateTags([how]);
      const { flight } = a.cache.metrics().coalesced;
      const late = a.cache.getOrSet(how, () => 'new');
      await until(() => a.cache.metrics().coalesced.flight === flight + 1, 'it shares the load');
      loader.end('old');
      expect([await early, await late], how).to.deep.equal(['old', 'new']);
    }
  });

  it('end a stale value that would serve within its grace', async () => {
    const options = { ttl: 20, grace: '1h', ...RED } as const;
    await a.cache.getOrSet('k', () => 'old', options);
    await until(async () => (await a.cache.get('k')) === undefined, 'its ttl is over');
    const failing = (): Promise<string> => Promise.reject(new Error('no database'));
    expect(await a.cache.getOrSet('k', failing, options)).to.equal('old');
    await a.cache.invalidateTags(['red']);
    const answer = await a.cache.getOrSet('k', failing, options).catch((error) => error.message);
    expect(answer).to.equal('no database');
  });

  it('that are invalidated in an outage are so in Redis before it is read again', async () => {
    await a.cache.set('k', 'old', RED);
    expect(await a.cache.get('k')).to.equal('old');
    await world.isolate(a);
    expect(await a.cache.get('k'), 'from memory').to.equal('old');
    expect(await a.cache.invalidateTags(['red'])).to.equal('deferred');
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await a.cache.getOrSet('k', () => 'loaded', RED)).to.equal('loaded');
    expect(await a.cache.get('k'), 'from memory').to.equal('loaded');
    expect(await b.cache.get('k'), 'nobody can tell B').to.equal('old');
    await world.letIn(a);
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    await until(async () => (await b.cache.get('k')) === undefined, 'B has heard of it');
  });

  it('that were invalidated stay so when Redis comes back with older data', async () => {
    await a.cache.set('k', 'old', RED);
    await world.server.command('SAVE');
    expect(await a.cache.invalidateTags(['red'])).to.equal('applied');
    await world.server.kill();
    await isIn('degraded', a, b);
    await world.server.restart();
    await isIn('normal', a, b);
    for (const { cache } of [a, b]) expect(await cache.get('k')).to.equal(undefined);
  });

  it('of a set that comes before the invalidation end its value, whatever Redis is slow with', async () => {
    const setting = a.cache.set('k', 'old', RED);
    const invalidating = a.cache.invalidateTags(['red']);
    await Promise.all([setting, invalidating]);
    expect(await a.cache.get('k')).to.equal(undefined);
    const again = a.cache.invalidateTags(['red']);
    await Promise.all([again, a.cache.set('k', 'new', RED)]);
    expect(await a.cache.get('k')).to.equal('new');
  });

  it('of a set that waits for Redis are overtaken by a later set of the key', async () => {
    const results = await Promise.all([
      a.cache.set('k', 1, { tags: ['unknown'] }),
      a.cache.set('k', 2),
    ]);
    expect(results[1]).to.equal('applied');
    expect(await a.cache.get('k')).to.equal(2);
  });
});

describe('tags without Redis', () => {
  const world = useWorld();

  it('work in memory', async () => {
    const cache = world.make({ redis: false });
    await cache.set('k', 1, RED);
    await cache.getOrSet('l', ({ setTags }) => {
      setTags(['red']);
      return 2;
    });
    expect([await cache.get('k'), await cache.get('l')]).to.deep.equal([1, 2]);
    expect(await cache.invalidateTags(['red'])).to.equal('applied');
    expect([await cache.get('k'), await cache.get('l')]).to.deep.equal([undefined, undefined]);
    await cache.set('k', 3, RED);
    expect(await cache.get('k')).to.equal(3);
  });

  it('in memory let no later caller share a load that began before', async () => {
    const cache = world.make({ redis: false });
    const loader = new SlowLoader();
    const early = cache.getOrSet('k', (context) => loader.load(context), RED);
    await loader.begun;
    await cache.invalidateTags(['red']);
    expect(await cache.getOrSet('k', () => 'new', RED)).to.equal('new');
    loader.end('old');
    expect(await early).to.equal('old');
    expect(await cache.get('k')).to.equal('new');
  });

  it('in memory end the value of a load that began before', async () => {
    const cache = world.make({ redis: false });
    const loader = new SlowLoader();
    const early = cache.getOrSet('k', (context) => loader.load(context, ['red']));
    await loader.begun;
    await cache.invalidateTags(['red']);
    const late = cache.getOrSet('k', () => 'new', RED);
    loader.end('old');
    expect([await early, await late]).to.deep.equal(['old', 'new']);
    expect(await cache.get('k')).to.not.equal('old');
  });

  it('are harmless without either tier', async () => {
    for (const options of [{ redis: false, memory: false }, { enabled: false }] as const) {
      const cache = world.make(options);
      const result = options.enabled === false ? 'deferred' : 'applied';
      expect(await cache.set('k', 1, RED)).to.equal(result);
      expect(await cache.getOrSet('k', () => 2, RED)).to.equal(2);
      expect(await cache.invalidateTags(['red'])).to.equal(result);
      expect(await cache.get('k')).to.equal(undefined);
    }
  });
});
