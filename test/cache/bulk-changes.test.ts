import { expect } from 'chai';
import { settle } from '../support/manual-clock.js';
import { useCache } from './support.js';

/** Longer than one turn of the event loop may be. */
const SLOW_MS = 6;

/** A value whose encoding takes longer than a turn. */
const slow = (value: string): { toJSON(): string } => ({
  toJSON() {
    const end = performance.now() + SLOW_MS;
    while (performance.now() < end);
    return value;
  },
});

describe('bulk changes', () => {
  it('let the event loop turn while they encode', async () => {
    const { cache } = useCache();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await cache.setMany(Array.from({ length: 20 }, (_, i) => [`k${i}`, slow('v')] as const));
    clearInterval(timer);
    expect(ticks).to.be.at.least(5);
  });

  it('begin with the values of the call', async () => {
    const { cache } = useCache();
    const value = { n: 1 };
    const done = cache.setMany([['a', value]]);
    value.n = 2;
    await done;
    expect(await cache.get('a')).to.deep.equal({ n: 1 });
  });

  it('of a few keys happen in the call, as those of one key do', async () => {
    const { cache } = useCache();
    await cache.set('a', 'old');
    const setting = cache.setMany([['a', 'new']]);
    expect(await cache.get('a')).to.equal('new');
    expect(await setting).to.equal('applied');
    const deleting = cache.deleteMany(['a']);
    expect(await cache.get('a')).to.equal(undefined);
    expect(await deleting).to.equal('applied');
  });

  const LATER = {
    set: (cache) => cache.set('b', 'later'),
    delete: (cache) => cache.delete('b'),
    setMany: (cache) => cache.setMany([['b', 'later']]),
    deleteMany: (cache) => cache.deleteMany(['b']),
    clear: (cache) => cache.clear(),
  } satisfies Record<string, (cache: ReturnType<typeof useCache>['cache']) => Promise<unknown>>;

  for (const [name, change] of Object.entries(LATER)) {
    it(`leave out keys that a later ${name} changed`, async () => {
      const { cache } = useCache();
      const earlier = cache.setMany([
        ['a', slow('earlier')],
        ['b', slow('earlier')],
        ['c', slow('earlier')],
      ]);
      await change(cache);
      const after = await cache.get('b');
      expect(await earlier).to.equal('deferred');
      expect(after).to.equal(name.startsWith('set') ? 'later' : undefined);
      expect(await cache.get('b')).to.equal(after);
      expect(await cache.get('c')).to.equal(name === 'clear' ? undefined : 'earlier');
    });
  }

  it('overtake earlier calls, also when those are sent first', async () => {
    const { cache } = useCache();
    const early = cache.setMany([
      ['b', slow('early')],
      ['a', slow('early')],
    ]);
    const late = cache.setMany([
      ['b', slow('late')],
      ['x', slow('late')],
      ['y', slow('late')],
    ]);
    await Promise.all([early, late]);
    expect(await cache.get('b')).to.equal('late');
  });

  it('are not kept once they are done', async () => {
    const { cache, store } = useCache();
    await cache.setMany([
      ['a', slow('v')],
      ['a', slow('w')],
    ]);
    expect(await cache.get('a')).to.equal('w');
    expect(store.calls[0]).to.deep.equal(['putMany', 1]);
    await settle();
    await cache.delete('a');
    expect(await cache.setMany([['a', 'z']])).to.equal('applied');
    expect(await cache.get('a')).to.equal('z');
  });
});
