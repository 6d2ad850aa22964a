import { expect } from 'chai';
import { event, until } from '../support/wait.js';
import { isUp, Scene } from './scene.js';
import { Traffic } from './traffic.js';

describe('faults: the connection is lost without a word, and new ones work', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open();
  });
  after(() => scene.close());

  it('is noticed without traffic, and the connection is replaced', async () => {
    const middleware = await scene.join({ prefix: 'idle:' });
    const { cache, witness } = middleware;
    await cache.set('a', 'value');
    scene.proxy.lose();
    const { reason } = await event(cache, 'modechange', ({ to }) => to === 'degraded');
    expect(reason).to.equal('timeout');
    await isUp(middleware);
    expect(await cache.get('a')).to.equal('value');
    expect([witness.errors.length, witness.infos.length]).to.deep.equal([1, 1]);
    await until(() => scene.proxy.connections === 1, 'the lost connection is closed');
    await cache.close();
  });

  it('fails no request under load, and keeps none longer than commandTimeout', async () => {
    const middleware = await scene.join({ prefix: 'load:' });
    const { cache, witness } = middleware;
    const traffic = new Traffic(middleware);
    traffic.start();
    scene.proxy.lose();
    await event(cache, 'modechange', ({ to }) => to === 'degraded');
    await event(cache, 'modechange', ({ to }) => to === 'normal');
    await traffic.stop();
    expect(traffic.failed).to.deep.equal([]);
    expect(traffic.slowestMs).to.be.below(1_000);
    expect(witness.errors).to.have.lengthOf(1);
    await until(() => cache.status().journal.entries === 0, 'the journal is empty');
    await cache.close();
  });
});
