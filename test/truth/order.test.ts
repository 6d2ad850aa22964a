import { expect } from 'chai';
import { FaultProxy } from '../support/fault-proxy.js';
import { isIn, type Member, World } from './world.js';

/** A process knows the time of Redis to half a round trip only, and the versions of its writes come from it. */
describe('the writes of a process whose clock is behind', () => {
  let world: World;
  let ahead: Member;
  let behind: Member['cache'];
  let proxy: FaultProxy;

  beforeEach(async () => {
    world = await World.start();
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
