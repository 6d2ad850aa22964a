import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { event } from '../support/wait.js';
import { isIn, type Member, Reader, useWorld } from './world.js';

const KEYS = 10_000;

describe('the replay of a full journal', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
  });

  it(`of ${KEYS} keys takes less than 1 s, and requests are served during it`, async function () {
    this.retries(2); // a real duration, on machines that are shared
    await a.cache.set('k0', 'old');
    await a.proxy.refuse();
    await isIn('degraded', a);
    await Promise.all(Array.from({ length: KEYS }, (_, i) => a.cache.set(`k${i}`, i)));
    const replayed = event(a.cache, 'modechange', ({ from }) => from === 'recovering');
    let slowest = 0;
    let served = 0;
    const reader = new Reader(async () => {
      const askedAt = performance.now();
      const value = await a.cache.getOrSet(`k${KEYS - 1}`, () => -1);
      if (a.cache.status().mode === 'recovering') {
        served++;
        slowest = Math.max(slowest, performance.now() - askedAt);
      }
      return value;
    });
    await a.proxy.pass();
    const { to, durationMs } = await replayed;
    await reader.stop();
    console.log(
      `      replayed ${KEYS} keys in ${Math.round(durationMs)} ms, ` +
        `served ${served} requests meanwhile, the slowest in ${slowest.toFixed(1)} ms`,
    );
    expect(to).to.equal('normal');
    expect(durationMs).to.be.below(1_000);
    expect(served).to.be.above(3);
    expect(slowest).to.be.below(250);
    expect(a.cache.status().journal.entries).to.equal(0);
    expect(await a.cache.get('k0')).to.equal(undefined);
  });

  it('keeps a value that another process stored after the change', async () => {
    const b = await world.join();
    const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`);
    const [first = '', second = ''] = keys.slice(-2);
    await b.cache.set(first, 'old');
    await world.isolate(a);
    expect(await a.cache.deleteMany(keys)).to.equal('deferred');
    // The two calls lie further apart than the processes' estimates of the server's clock.
    await pause(150);
    expect(await b.cache.set(second, 'newer')).to.equal('applied');
    await a.proxy.pass();
    await isIn('normal', a);
    expect(a.cache.status().journal.entries).to.equal(0);
    for (const { cache } of [a, b]) {
      expect(await cache.get(first)).to.equal(undefined);
      expect(await cache.get(second)).to.equal('newer');
    }
  });
});
