import { expect } from 'chai';
import { event, until } from '../support/wait.js';
import { isIn, type Member, Reader, World } from './world.js';

const KEYS = 10_000;

describe('the replay of a full journal', () => {
  let world: World;
  let a: Member;

  beforeEach(async () => {
    world = await World.start();
    a = await world.join();
  });

  afterEach(() => world.close());

  it(`of ${KEYS} keys takes less than 1 s, and requests are served meanwhile`, async function () {
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

  it('leaves alone what was written and acknowledged before its turn had come', async () => {
    const impatient = a.cache.forRequest();
    a.proxy.blackhole();
    await impatient.get('something');
    await a.proxy.pass();
    expect(await a.cache.set('something', 'else')).to.equal('applied');
    a.proxy.slow(20);
    const count = 8_000;
    await Promise.all(Array.from({ length: count }, (_, i) => impatient.delete(`k${i}`)));
    await until(() => a.cache.status().journal.entries < count, 'the replay has begun');
    const last = `k${count - 1}`;
    expect(await a.cache.set(last, 'kept')).to.equal('applied');
    expect(a.cache.status().journal.entries).to.be.above(0);
    a.proxy.slow(0);
    await until(() => a.cache.status().journal.entries === 0, 'the journal is replayed');
    expect(await a.cache.get(last)).to.equal('kept');
  });
});
