import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

describe('the answers about an outage', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
  });

  it('show mode, since, reason, depth of the journal and the time of the next probe', async () => {
    expect(a.cache.status().mode).to.equal('normal');
    expect(a.cache.status().reason).to.equal(undefined);
    expect(a.cache.status().nextProbeAt).to.equal(undefined);
    const before = Date.now();
    await world.server.kill();
    await isIn('degraded', a);
    await a.cache.delete('k');
    await a.cache.set('other', 1);
    await a.cache.clear('products:*');
    await until(() => a.cache.status().nextProbeAt !== undefined, 'a probe is planned');
    const { mode, since, reason, journal, nextProbeAt, status } = a.cache.status();
    expect({ mode, status, journal }).to.deep.equal({
      mode: 'degraded',
      status: 'degraded',
      journal: { entries: 3, max: 10_000, overflows: 0 },
    });
    expect(reason).to.be.oneOf(['connection_lost', 'connection_refused']);
    expect(Date.parse(since)).to.be.within(before, Date.now());
    expect(Date.parse(nextProbeAt ?? '')).to.be.within(Date.now() - 50, Date.now() + 5_000);
  });

  it('say of a hang that it is one', async () => {
    world.server.hang();
    await isIn('degraded', a);
    expect(a.cache.status().reason).to.equal('timeout');
  });

  it('are one event for each change, and lines once a minute, however much traffic there is', async () => {
    for (let outage = 0; outage < 2; outage++) {
      world.server.hang();
      await isIn('degraded', a);
      for (let i = 0; i < 50; i++) await a.cache.get(`k${i}`);
      world.server.thaw();
      await isIn('normal', a);
    }
    const steps = a.changes.map(({ from, to }) => `${from} > ${to}`);
    const one = ['normal > degraded', 'degraded > recovering', 'recovering > normal'];
    expect(steps).to.deep.equal([...one, ...one]);
    expect(a.changes.map(({ reason }) => reason)).to.deep.equal([
      'timeout',
      'timeout',
      undefined,
      'timeout',
      'timeout',
      undefined,
    ]);
    expect(a.log.errors).to.have.length(1);
    expect(a.log.infos).to.have.length(1);
    expect(a.log.warnings).to.deep.equal([]);
  });

  it('give the outcome of each write', async () => {
    const { cache } = a;
    expect(await cache.set('k', 1)).to.equal('applied');
    expect(await cache.delete('k')).to.equal('applied');
    expect(await cache.clear('k*')).to.equal('applied');
    world.server.hang();
    const results = await Promise.all([cache.set('k', 1), cache.delete('j'), cache.clear('x*')]);
    expect(results).to.deep.equal(['deferred', 'deferred', 'deferred']);
    await isIn('degraded', a);
    expect(await cache.set('k', 2)).to.equal('deferred');
    world.server.thaw();
    await isIn('normal', a);
    expect(await cache.set('k', 3)).to.equal('applied');
  });
});
