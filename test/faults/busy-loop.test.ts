import { expect } from 'chai';
import type { Cache, Lookup } from '../../lib/index.js';
import { Scene } from './scene.js';
import { requestCache } from './traffic.js';

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** Longer than any commandTimeout, and again and again. */
const BLOCKS_MS = [700, 250, 250, 250];

describe('faults: the event loop is busy, and Redis is well', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open();
  });
  after(() => scene.close());

  function ask(cache: Cache): Promise<unknown>[] {
    return Array.from({ length: 5 }, (_, i) => [
      cache.get('a'),
      cache.set(`b:${i}`, i),
      cache.getOrSet(`c:${i}`, () => i),
    ]).flat();
  }

  it('does not mistake itself for a hung Redis, whenever the commands were given', async () => {
    const { cache, witness } = await scene.join();
    await cache.set('a', 'value');
    const lookups: Lookup[] = [];
    cache.on('lookup', (lookup) => lookups.push(lookup));
    for (const ms of BLOCKS_MS) {
      const justBefore = ask(cache);
      block(ms);
      await Promise.all(justBefore);
      const onTheirWay = ask(cache);
      await new Promise((resolve) => setImmediate(resolve));
      block(ms);
      await Promise.all(onTheirWay);
    }
    expect(witness.changes).to.deep.equal([]);
    expect(lookups.filter(({ key, tier }) => key === 'a' && tier !== 'redis')).to.deep.equal([]);
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('reads the socket before it declares a command late', async () => {
    const { cache, witness } = await scene.join({ prefix: 'just:', commandTimeout: 100 });
    await cache.set('a', 'value');
    // The driver writes in the second turn. What was not written yet is given the time of the block anew.
    const cases = [
      [0, 180],
      [1, 180],
      [2, 108],
      [2, 108],
      [3, 108],
    ] as const;
    for (const [turns, ms] of cases) {
      const reads = [cache.get('a'), cache.has('a')];
      for (let turn = 0; turn < turns; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      block(ms);
      expect(await Promise.all(reads)).to.deep.equal(['value', true]);
    }
    expect(cache.status().metrics.errors).to.equal(0);
    expect(witness.changes).to.deep.equal([]);
  });

  it('does not use up the waiting budget of a request', async () => {
    const middleware = await scene.join({ prefix: 'request:', commandTimeout: '1s' });
    await middleware.cache.set('a', 'value');
    const cache = requestCache(middleware);
    for (const ms of [700, 700]) {
      const read = cache.get('a');
      block(ms);
      await read;
    }
    const lookups: Lookup[] = [];
    cache.on('lookup', (lookup) => lookups.push(lookup));
    expect(await cache.set('b', 1)).to.equal('applied');
    await cache.get('a');
    expect(lookups.map(({ tier }) => tier)).to.deep.equal(['redis']);
  });
});
