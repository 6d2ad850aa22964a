import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { isIn, type Member, useWorld } from './world.js';

const OUTAGE_TTL = 300;

describe('memory in an outage', () => {
  const world = useWorld();
  let a: Member;
  let b: Member;

  beforeEach(async () => {
    a = await world.join({ memory: { outageTtl: OUTAGE_TTL } });
    b = await world.join();
  });

  const isolate = async (): Promise<void> => {
    await a.proxy.refuse();
    await isIn('degraded', a);
  };

  const reunite = async (): Promise<void> => {
    await a.proxy.pass();
    await isIn('normal', a);
  };

  it('serves the values of Redis from before the outage, for as long as Redis would have', async () => {
    await a.cache.set('long', 'kept');
    await a.cache.set('short', 'kept', { ttl: 200 });
    await isolate();
    expect(await a.cache.get('long')).to.equal('kept');
    await pause(OUTAGE_TTL + 20);
    expect(await a.cache.get('long')).to.equal('kept');
    expect(await a.cache.get('short')).to.equal(undefined);
  });

  it('keeps a value made during the outage for outageTtl at most', async () => {
    await isolate();
    await a.cache.set('set', 'made here', { ttl: '1h' });
    expect(await a.cache.getOrSet('loaded', () => 'made here')).to.equal('made here');
    expect(await a.cache.get('set')).to.equal('made here');
    expect(await a.cache.get('loaded')).to.equal('made here');
    await pause(OUTAGE_TTL + 20);
    expect(await a.cache.get('set')).to.equal(undefined);
    expect(await a.cache.get('loaded')).to.equal(undefined);
  });

  it('does not keep a shorter ttl longer than it says', async () => {
    await isolate();
    await a.cache.set('k', 'value', { ttl: 50 });
    await pause(70);
    expect(await a.cache.get('k')).to.equal(undefined);
  });

  it('does not serve in the next outage a value that Redis has not shown since the last', async () => {
    await a.cache.set('unseen', 'old');
    await a.cache.set('seen', 'old');
    await isolate();
    await b.cache.delete('unseen');
    await reunite();
    expect(await a.cache.get('seen')).to.equal('old');
    await isolate();
    expect(await a.cache.get('seen'), 'what Redis confirmed').to.equal('old');
    expect(await a.cache.get('unseen'), 'what it did not').to.equal(undefined);
  });

  it('serves after the outage what Redis says, not what it held during it', async () => {
    await a.cache.set('k', 'old');
    await isolate();
    await b.cache.set('k', 'new');
    expect(await a.cache.get('k')).to.equal('old');
    await reunite();
    expect(await a.cache.get('k')).to.equal('new');
    await isolate();
    expect(await a.cache.get('k')).to.equal('new');
  });

  it('comes back without a stampede: values that Redis still holds are not loaded again', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    for (const key of keys) await a.cache.set(key, 'kept');
    await isolate();
    await reunite();
    const loaded = keys.map((key) => a.cache.getOrSet(key, () => 'loaded'));
    expect(new Set(await Promise.all(loaded))).to.deep.equal(new Set(['kept']));
  });

  it('gives the values of an outage up for one load each when Redis is back', async () => {
    await isolate();
    await a.cache.getOrSet('k', () => 'made here');
    await reunite();
    expect(await a.cache.getOrSet('k', () => 'loaded')).to.equal('loaded');
    expect(await b.cache.get('k')).to.equal('loaded');
  });
});
