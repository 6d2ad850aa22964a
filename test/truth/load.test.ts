import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

const KEY = 'k';

/** A loader that is in the middle of its work until it is told to end. */
class SlowLoader {
  runs = 0;
  end!: (value: string) => void;
  #begun!: () => void;
  readonly begun: Promise<void> = new Promise((resolve) => {
    this.#begun = resolve;
  });
  readonly load = (): Promise<string> => {
    this.runs++;
    this.#begun();
    return new Promise((resolve) => {
      this.end = resolve;
    });
  };
}

describe('a loader that began before its key was changed', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join();
    b = await world.join();
  });

  const changes: readonly [string, (member: Member) => Promise<string>][] = [
    ['deletes it', ({ cache }) => cache.delete(KEY)],
    ['clears it', ({ cache }) => cache.clear('k*')],
    ['sets it', ({ cache }) => cache.set(KEY, 'new')],
  ];

  for (const who of ['its own process', 'another process'] as const) {
    for (const [what, change] of changes) {
      it(`gives its value to its callers only when ${who} ${what}`, async () => {
        const loader = new SlowLoader();
        const callers = [a.cache.getOrSet(KEY, loader.load), a.cache.getOrSet(KEY, loader.load)];
        await loader.begun;
        expect(await change(who === 'its own process' ? a : b)).to.equal('applied');
        loader.end('old');
        expect(await Promise.all(callers)).to.deep.equal(['old', 'old']);
        expect(loader.runs).to.equal(1);
        const expected = what === 'sets it' ? 'new' : undefined;
        expect(await world.slot(KEY)).to.not.match(/old/);
        expect(await a.cache.get(KEY)).to.equal(expected);
        expect(await b.cache.get(KEY)).to.equal(expected);
        await until(async () => world.slot(KEY).then((slot) => !/old/.test(slot ?? '')), 'clean');
      });
    }
  }

  for (const [what, change] of changes) {
    it(`is not remembered in memory either when its own process ${what}`, async () => {
      const loader = new SlowLoader();
      const caller = a.cache.getOrSet(KEY, loader.load);
      await loader.begun;
      await change(a);
      loader.end('old');
      await caller;
      world.server.hang();
      const expected = what === 'sets it' ? 'new' : undefined;
      expect(await a.cache.get(KEY)).to.equal(expected);
    });

    it(`is not remembered when Redis is away and its own process ${what}`, async () => {
      await a.proxy.refuse();
      await isIn('degraded', a);
      const loader = new SlowLoader();
      const caller = a.cache.getOrSet(KEY, loader.load);
      await loader.begun;
      expect(await change(a)).to.equal('deferred');
      loader.end('old');
      expect(await caller).to.equal('old');
      const expected = what === 'sets it' ? 'new' : undefined;
      expect(await a.cache.get(KEY)).to.equal(expected);
      await a.proxy.pass();
      await isIn('normal', a);
      expect(await a.cache.get(KEY)).to.equal(undefined);
    });
  }

  it('is not waited for by callers that come after the change', async () => {
    const loader = new SlowLoader();
    const early = a.cache.getOrSet(KEY, loader.load);
    await loader.begun;
    await a.cache.delete(KEY);
    expect(await a.cache.getOrSet(KEY, () => 'new')).to.equal('new');
    loader.end('old');
    expect(await early).to.equal('old');
    expect(await a.cache.get(KEY)).to.equal('new');
  });

  it('stores nothing when another process has changed the generation since', async () => {
    const few = await world.join({ journal: { max: 2 } });
    const loader = new SlowLoader();
    const caller = a.cache.getOrSet(KEY, loader.load);
    await loader.begun;
    await few.proxy.refuse();
    await isIn('degraded', few);
    const generation = await world.generation();
    for (const key of [KEY, 'k1', 'k2', 'k3']) await few.cache.delete(key);
    await few.proxy.pass();
    await isIn('normal', few);
    expect(await world.generation(), 'the generation').to.not.equal(generation);
    await few.cache.set('mark', 'new');
    await until(async () => (await a.cache.get('mark')) === 'new', 'A has heard of it');
    loader.end('old');
    expect(await caller).to.equal('old');
    expect(await a.cache.get(KEY)).to.equal(undefined);
    expect(await few.cache.get(KEY)).to.equal(undefined);
  });

  it('that fails, or calls skip, lets the next one load at once', async () => {
    const failing = a.cache.getOrSet(KEY, () => Promise.reject(new Error('no database')));
    await failing.then(expect.fail, (error) => expect(error.message).to.equal('no database'));
    await a.cache.getOrSet(KEY, (context) => {
      context.skip();
      return 'skipped';
    });
    expect(await b.cache.getOrSet(KEY, () => 'new')).to.equal('new');
    expect(await a.cache.get(KEY)).to.equal('new');
  });
});

describe('one load at a time', () => {
  const world = useWorld();

  it('is what two processes make of a cold key while Redis is up', async () => {
    const members = [await world.join(), await world.join()];
    let loads = 0;
    const load = async (): Promise<string> => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return 'value';
    };
    const callers = members.flatMap(({ cache }) =>
      Array.from({ length: 20 }, () => cache.getOrSet(KEY, load)),
    );
    expect(new Set(await Promise.all(callers))).to.deep.equal(new Set(['value']));
    expect(loads).to.equal(1);
  });
});
