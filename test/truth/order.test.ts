import { expect } from 'chai';
import { systemClock } from '../../lib/core/time/clock.js';
import { cacheBy } from '../support/build-cache.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

/** A process knows the time of Redis to half a round trip only, and the versions of its writes come from it. */
describe('the writes of a process whose clock is behind', () => {
  const world = useWorld();
  let ahead: Member;
  let behind: Member['cache'];
  let proxy: FaultProxy;

  beforeEach(async () => {
    ahead = await world.join();
    proxy = await FaultProxy.start(world.server.port);
    // Replies come late while it learns the time, so that it takes Redis for 40 ms earlier than it is.
    proxy.slow(80);
    behind = world.make({ redis: proxy.url });
    await isIn('normal', { cache: behind });
    proxy.slow(0);
  });

  afterEach(async () => {
    await proxy.close();
    await world.close();
  });

  it('are not lost: a value that was there before is not served after them', async () => {
    expect(await ahead.cache.set('k', 'old')).to.equal('applied');
    expect(await behind.set('k', 'new')).to.equal('applied');
    expect(await behind.get('k')).to.be.oneOf(['new', undefined]);
    expect(await ahead.cache.get('k')).to.be.oneOf(['new', undefined]);
  });

  it('are not lost either when they delete', async () => {
    expect(await ahead.cache.set('k', 'old')).to.equal('applied');
    expect(await behind.delete('k')).to.equal('applied');
    expect(await behind.get('k')).to.equal(undefined);
    expect(await ahead.cache.get('k')).to.equal(undefined);
  });

  it('do not leave their own value in memory when Redis did not take it', async () => {
    await ahead.cache.set('k', 'old');
    await behind.set('k', 'new');
    const inRedis = await ahead.cache.get('k');
    await world.server.kill();
    await isIn('degraded', { cache: behind });
    expect(await behind.get('k')).to.be.oneOf([inRedis, undefined]);
  });
});

/** The server's clock was set, or the process stood still: what it writes is past its deadline when it is sent. */
describe('a set that comes too late and is sent again', () => {
  const world = useWorld();
  let proxy: FaultProxy;
  let behindMs: number;
  let a: Member['cache'];

  beforeEach(async () => {
    proxy = await FaultProxy.start(world.server.port);
    behindMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() - behindMs };
    a = cacheBy(clock, { redis: proxy.url, logger: false });
    await isIn('normal', { cache: a });
    expect(await a.set('k', 'old')).to.equal('applied');
    proxy.slow(20);
    behindMs = 1_000;
  });

  afterEach(async () => {
    await a.close();
    await proxy.close();
    await world.close();
  });

  it('is applied', async () => {
    expect(await a.set('k', 'new')).to.equal('applied');
    expect(await a.get('k')).to.equal('new');
  });

  it('stays in memory, though a reply from between was older', async () => {
    const set = a.set('k', 'new');
    await new Promise((resolve) => setTimeout(resolve, 2));
    const asked = a.get('k');
    expect(await set).to.equal('applied');
    expect(await asked).to.be.oneOf(['old', 'new']);
    await world.server.kill();
    await isIn('degraded', { cache: a });
    expect(await a.get('k')).to.equal('new');
  });

  it('does not come back over a delete that was called since', async () => {
    const set = a.set('k', 'new');
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await a.delete('k')).to.equal('applied');
    await set;
    expect(await a.get('k')).to.equal(undefined);
  });
});

/** After SCRIPT FLUSH, or on a server that nobody has used, a script is not known and is sent once more. */
describe('a set whose script Redis does not know', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
    expect(await a.cache.set('k', 'old')).to.equal('applied');
    await world.server.command('SCRIPT', 'FLUSH');
  });

  it('is the value that its process reads, also before it ran', async () => {
    const set = a.cache.set('k', 'new');
    expect(await a.cache.get('k')).to.equal('new');
    expect(await set).to.equal('applied');
    await world.server.kill();
    await isIn('degraded', a);
    expect(await a.cache.get('k')).to.equal('new');
  });

  it('is kept for outageTtl alone when it is refused after all', async () => {
    const { cache } = await world.join({ memory: { outageTtl: '1s' } });
    await world.server.command('SCRIPT', 'FLUSH');
    await world.server.command('ACL', 'SETUSER', 'default', '-eval', '-script');
    expect(await cache.set('k', 'new')).to.equal('deferred');
    expect(await cache.get('k')).to.equal('new');
    await until(async () => (await cache.get('k')) === undefined, 'memory has let it go');
    expect(cache.status().mode).to.equal('degraded');
  });

  it('does not replace a later set or delete', async () => {
    const sets = [a.cache.set('k', 'new'), a.cache.set('k', 'newer'), a.cache.set('gone', 1)];
    const deletion = a.cache.delete('gone');
    expect(await Promise.all([...sets, deletion])).to.not.include('deferred');
    expect(await a.cache.get('gone')).to.equal(undefined);
    expect(await a.cache.get('k')).to.be.oneOf(['newer', undefined]);
    await world.server.kill();
    await isIn('degraded', a);
    expect(await a.cache.get('k')).to.be.oneOf(['newer', undefined]);
    expect(await a.cache.get('gone')).to.equal(undefined);
  });
});
