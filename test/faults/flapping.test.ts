import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { event, until } from '../support/wait.js';
import { isDegraded, isUp, Scene } from './scene.js';
import { Traffic } from './traffic.js';

describe('faults: Redis comes and goes', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('serves every request through twelve resets, and settles', async () => {
    const middleware = await scene.join();
    const { cache, witness } = middleware;
    await cache.set('deleted', 'old');
    const traffic = new Traffic(middleware);
    traffic.start();
    for (let i = 0; i < 12; i++) {
      scene.proxy.reset();
      if (i === 6) await cache.delete('deleted');
      await event(cache, 'modechange', ({ to }) => to === 'normal');
    }
    await traffic.stop();
    expect(traffic.failed).to.deep.equal([]);
    expect(await cache.get('deleted')).to.equal(undefined);
    // The others are counted.
    const reasons = new Set(witness.errors.map((line) => line.replace(/.* since \S+ /, '')));
    expect(reasons.size).to.equal(witness.errors.length);
    expect(witness.errors.length).to.be.within(1, 3);
    expect(witness.infos.length).to.be.within(1, 3);
    await until(() => scene.proxy.connections === 1, 'one connection is left');
    await until(() => cache.status().journal.entries === 0, 'the journal is empty');
  });

  it('gets few connections: a server that accepts, greets well and resets', async () => {
    const middleware = await scene.join();
    const end = performance.now() + 1_000;
    const before = scene.proxy.accepted;
    while (performance.now() < end) {
      scene.proxy.reset();
      await pause(1);
    }
    expect(scene.proxy.accepted - before).to.be.below(50);
    await isUp(middleware);
  });

  it('answers nothing old while Redis is killed and restarted again and again', async () => {
    const middleware = await scene.join();
    const { cache } = middleware;
    for (let round = 0; round < 4; round++) {
      await cache.set('price', round);
      await scene.server.save();
      await scene.server.kill();
      await isDegraded(middleware);
      if (round % 2 === 0) await cache.delete('price');
      else await cache.set('price', `${round} anew`);
      await scene.server.restart();
      await isUp(middleware);
      expect(await cache.get('price')).to.be.oneOf([undefined, `${round} anew`]);
    }
  });

  it('forgets no write that is made in the very moment of its return', async () => {
    const middleware = await scene.join();
    const { cache } = middleware;
    for (let ticks = 0; ticks < 8; ticks++) {
      let late: Promise<unknown> | undefined;
      const stop = cache.on('modechange', ({ to }) => {
        // Between the last look at the journal and the first read from Redis, or as near as can be.
        if (to === 'recovering') late = after(ticks).then(() => cache.set('late', ticks));
      });
      scene.proxy.reset();
      await event(cache, 'modechange', ({ to }) => to === 'normal');
      stop();
      expect(await late).to.be.oneOf(['applied', 'deferred']);
      await until(() => cache.status().journal.entries === 0, 'the journal is empty', 2_000);
    }
    await cache.set('late', 2);
    expect(await cache.get('late')).to.equal(2);
  });
});

/** So many steps of the queue of microtasks later. */
async function after(ticks: number): Promise<void> {
  for (let i = 0; i < ticks; i++) await undefined;
}
