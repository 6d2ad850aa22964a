import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { createClient } from 'redis';
import type { CacheHandle } from '../../lib/cache/cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import type { RedisClientLike } from '../../lib/redis/connection/client.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

const COMMAND_TIMEOUT = 100;

/** A write that was given up and runs after all, when what held it up lets go. */
describe('a ghost', () => {
  const world = useWorld();
  let b: Member;
  /** The first connection of `a` goes through this one, all later ones straight to Redis. */
  let stalled: FaultProxy;
  let a: CacheHandle;

  beforeEach(async () => {
    b = await world.join();
    stalled = await FaultProxy.start(world.server.port);
    a = throughStalled();
    await isIn('normal', { cache: a });
    await a.set('k', 'first');
  });

  afterEach(async () => {
    await stalled.close();
    await world.close();
  });

  const throughStalled = (options: CacheOptions = {}): CacheHandle => {
    let connections = 0;
    const redis = (): RedisClientLike => {
      const port = connections++ === 0 ? stalled.port : world.server.port;
      return createClient({
        disableOfflineQueue: true,
        socket: { host: '127.0.0.1', port, reconnectStrategy: false },
      }) as unknown as RedisClientLike;
    };
    return world.make({ redis, commandTimeout: COMMAND_TIMEOUT, ...options });
  };

  /** Lets go of what was held up; settles when Redis has run it. Answers with what it ran. */
  const release = async (word: string): Promise<void> => {
    const monitor = await world.server.monitor();
    await stalled.pass();
    await until(() => monitor.lines.some((line) => line.includes(word)), `Redis runs the ghost`);
    await monitor.stop();
  };

  /** A write that finds out, together with others, that the connection is no good; a new one takes its place. */
  const giveUp = async (write: () => Promise<unknown>): Promise<void> => {
    stalled.blackhole();
    const [result] = await Promise.all([write(), a.delete('x'), a.delete('y'), a.delete('z')]);
    expect(result).to.equal('deferred');
    await isIn('degraded', { cache: a });
    await isIn('normal', { cache: a });
    expect(a.status().journal.entries).to.equal(0);
  };

  it('of a set does not win over the delete that was replayed', async () => {
    await giveUp(() => a.set('k', 'ghost'));
    await release('ghost');
    expect(await world.slot('k')).to.not.match(/ghost/);
    expect(await a.get('k')).to.equal(undefined);
    expect(await b.cache.get('k')).to.equal(undefined);
  });

  it('of a set does not win over a newer value', async () => {
    await giveUp(() => a.set('k', 'ghost'));
    expect(await a.set('k', 'newer')).to.equal('applied');
    await release('ghost');
    expect(await b.cache.get('k')).to.equal('newer');
  });

  it('of a set stores nothing after the prefix was cleared', async () => {
    await giveUp(() => a.set('k', 'ghost'));
    expect(await b.cache.clear()).to.equal('applied');
    await release('ghost');
    expect(await world.slot('k')).to.not.match(/ghost/);
    expect(await b.cache.get('k')).to.equal(undefined);
  });

  it('of a set that comes in time after a newer value loses: it was called before', async () => {
    stalled.blackhole();
    const set = a.set('k', 'ghost');
    // Further apart than what either process may be wrong about the server's time.
    await pause(100);
    expect(await b.cache.set('k', 'newer')).to.equal('applied');
    await release('ghost');
    expect(await set).to.be.oneOf(['applied', 'deferred']);
    expect(await world.slot('k')).to.match(/newer/);
    expect(await b.cache.get('k')).to.equal('newer');
    await until(async () => (await a.get('k')) === 'newer', 'A believes it');
  });

  it('of a set that comes in time loses against a delete by another process', async () => {
    stalled.blackhole();
    const set = a.set('k', 'ghost');
    await pause(20);
    expect(await b.cache.delete('k')).to.equal('applied');
    await release('ghost');
    await set;
    expect(await b.cache.get('k')).to.equal(undefined);
    expect(await a.get('k')).to.equal(undefined);
  });

  it('of a load does not win over the delete that was replayed', async () => {
    const loaded = a.getOrSet('cold', async () => {
      stalled.blackhole();
      return 'ghost';
    });
    expect(await loaded).to.equal('ghost');
    await giveUp(() => a.delete('cold'));
    await release('ghost');
    expect(await world.slot('cold')).to.not.match(/ghost/);
    expect(await a.get('cold')).to.equal(undefined);
  });

  it('of a delete leaves a newer value alone', async () => {
    await giveUp(() => a.delete('k'));
    expect(await a.set('k', 'newer')).to.equal('applied');
    await release('EVALSHA');
    expect(await world.slot('k')).to.match(/newer/);
    expect(await b.cache.get('k')).to.equal('newer');
  });

  it('of a hang runs when Redis wakes, and loses', async () => {
    world.server.hang();
    expect(await a.set('k', 'ghost')).to.equal('deferred');
    expect(await a.set('k', 'newer')).to.equal('deferred');
    world.server.thaw();
    await isIn('normal', { cache: a }, b);
    await until(() => a.status().journal.entries === 0, 'the journal is empty');
    expect(await world.slot('k')).to.not.match(/ghost/);
    expect(await b.cache.get('k')).to.equal(undefined);
  });
});
