import { expect } from 'chai';
import { until } from '../support/wait.js';
import { proxied } from './proxied.js';
import { isDegraded, isUp, Scene } from './scene.js';
import { describeFault } from './story.js';

const slow = proxied((proxy) => proxy.slow(150));

describe('faults: Redis answers, 50 ms after commandTimeout', () => {
  describeFault({ title: 'slow while idle', reasons: ['timeout'], stage: slow });
  describeFault({ title: 'slow under load', reasons: ['timeout'], stage: slow, isUnderLoad: true });
});

describe('faults: every answer is late', () => {
  const READERS = 200;

  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('is noticed although answers never stop, and no request waits any more', async () => {
    const middleware = await scene.join();
    const { cache, witness } = middleware;
    let isReading = true;
    let reads = 0;
    const readers = Array.from({ length: READERS }, async (_, i) => {
      while (isReading) {
        await cache.get(`key:${i}`);
        reads++;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    scene.proxy.slow(1_000);
    await isDegraded(middleware);
    // Each reader waits for nothing but memory.
    const goal = reads + 20 * READERS;
    await until(() => reads > goal, 'the readers go on');
    expect(cache.status().mode).to.equal('degraded');
    await scene.proxy.pass();
    await isUp(middleware);
    isReading = false;
    await Promise.all(readers);
    expect(witness.changes.map(({ to }) => to)).to.include.members(['degraded', 'normal']);
  });
});
