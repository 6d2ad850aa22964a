import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { createClient } from 'redis';
import type { CacheHandle } from '../../lib/cache/cache.js';
import type { RedisClientLike } from '../../lib/redis/connection/client.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { useFleet } from './fleet.js';
import { isIn, type Member, POSITIONS, useWorld } from './world.js';

/** A primary, and a replica of it that the test holds back and promotes. */
describe('another server takes over', () => {
  const world = useWorld();
  const start = useFleet();
  let replica: RedisServer;
  /** Between the primary and its replica. */
  let link: FaultProxy;
  let a: Member;
  /** Where a cache that goes by the name of the primary connects to. */
  let named: number;

  beforeEach(async () => {
    replica = await RedisServer.start();
    link = await FaultProxy.start(world.server.port);
    named = world.server.port;
    a = await world.join({ redis: byName });
    await a.cache.set('k', 'old');
    await world.fenced(a);
    await replica.command('REPLICAOF', '127.0.0.1', `${link.port}`);
    const isCopied = async (): Promise<boolean> => countOf(replica, await world.fences());
    await until(isCopied, 'the replica has everything');
  });

  afterEach(async () => {
    await link.close();
    await replica.stop();
  });

  const byName = (): RedisClientLike =>
    createClient({
      disableOfflineQueue: true,
      socket: { host: '127.0.0.1', port: named, reconnectStrategy: false },
    }) as unknown as RedisClientLike;

  const countOf = async (server: RedisServer, least: number): Promise<boolean> =>
    Number(await server.command('HGET', POSITIONS, 'n')) >= least;

  const slotOn = async (server: RedisServer): Promise<string> =>
    String(await server.command('GET', 'cache:k'));

  const promote = async (): Promise<void> => {
    await replica.command('REPLICAOF', 'NO', 'ONE');
    expect(await slotOn(replica)).to.match(/old/);
  };

  it('that lags, and a fresh process connects to it first: it reads nothing that was deleted', async () => {
    await link.blackhole();
    expect(await a.cache.delete('k')).to.equal('applied');
    await world.fenced(a);
    await promote();
    const fresh = await start(replica.url);
    await fresh.watch('k');
    await until(async () => (await fresh.status()).mode === 'recovering', 'it has connected');
    named = replica.port;
    await world.server.kill();
    await fresh.isNormal();
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await fresh.get('k')).to.equal(null);
    expect(await fresh.seen()).to.deep.equal([null]);
  });

  it('that lags and has counted on since: its count is not that of what was lost', async () => {
    await link.blackhole();
    expect(await a.cache.delete('k')).to.equal('applied');
    await world.fenced(a);
    const count = await world.fences();
    await promote();
    named = 1;
    await world.server.kill();
    await isIn('degraded', a);
    const b = world.make({ redis: replica.url });
    await isIn('normal', { cache: b });
    await until(async () => {
      await b.set('b', 'written');
      return countOf(replica, count + 1);
    }, 'the new primary has counted further');
    expect(await slotOn(replica)).to.match(/old/);
    named = replica.port;
    await isIn('normal', a);
    expect(await a.cache.get('k')).to.equal(undefined);
    expect(await slotOn(replica)).to.not.match(/old/);
    expect(await b.get('k')).to.equal(undefined);
  });

  it('and has everything: nothing is flushed', async () => {
    const generation = await world.generation();
    await promote();
    named = replica.port;
    await world.server.kill();
    await isIn('degraded', a);
    await isIn('normal', a);
    expect(await replica.command('GET', 'cache:__ech:{ech}:gen')).to.equal(generation);
    expect(await a.cache.get('k')).to.equal('old');
    expect(a.log.errors.filter((line) => /came back without/.test(line))).to.deep.equal([]);
  });

  describe('under a living connection: the primary becomes a replica', () => {
    /** Reads all the time. */
    const watch = (cache: CacheHandle): { readonly seen: Set<unknown>; stop(): Promise<void> } => {
      const seen = new Set<unknown>();
      let isOver = false;
      const end = (async () => {
        while (!isOver) {
          seen.add(await cache.get('k'));
          await pause(1);
        }
      })();
      const stop = (): Promise<void> => {
        isOver = true;
        return end;
      };
      return { seen, stop };
    };

    /** The old data, on a primary of its own that has counted further. */
    const makeOldPrimary = async (): Promise<void> => {
      await promote();
      await replica.command('HINCRBY', POSITIONS, 'n', '1000');
    };

    const isReplaced = async (): Promise<void> => {
      await world.server.command('REPLICAOF', '127.0.0.1', `${replica.port}`);
      await until(async () => /old/.test((await world.slot('k')) ?? ''), 'it has the other data');
    };

    it('of old data: the process that deleted a key never reads it there, not even before a heartbeat', async () => {
      await makeOldPrimary();
      expect(await a.cache.delete('k')).to.equal('applied');
      const watched = watch(a.cache);
      await isReplaced();
      await until(() => a.cache.status().mode !== 'normal', 'A has noticed');
      await until(() => watched.seen.size > 0, 'A has read');
      expect(await a.cache.set('x', 'y')).to.equal('deferred');
      expect(a.cache.status().reason).to.be.oneOf(['read_only', 'data_replaced']);
      await watched.stop();
      expect([...watched.seen]).to.deep.equal([undefined]);
    });

    it('and a primary again: other processes do not read it either', async () => {
      const b = await world.join();
      expect(await b.cache.get('k')).to.equal('old');
      await makeOldPrimary();
      expect(await a.cache.delete('k')).to.equal('applied');
      expect(await b.cache.get('k')).to.equal(undefined);
      await isReplaced();
      await world.server.command('REPLICAOF', 'NO', 'ONE');
      expect(await world.slot('k')).to.match(/old/);
      await until(() => b.changes.some(({ to }) => to === 'normal'), 'B has judged it');
      await isIn('normal', a, b);
      expect(await a.cache.get('k')).to.equal(undefined);
      expect(await b.cache.get('k')).to.equal(undefined);
      expect(await world.slot('k')).to.not.match(/old/);
    });

    it('and a process that was suspended at the time: its first read is not of the other data', async () => {
      const b = await world.join();
      const sleeper = await start(world.server.url);
      await sleeper.isNormal();
      await makeOldPrimary();
      expect(await b.cache.delete('k')).to.equal('applied');
      sleeper.suspend();
      await world.isolate(b);
      const first = sleeper.get('k');
      await isReplaced();
      await world.server.command('REPLICAOF', 'NO', 'ONE');
      // What it proved last is then more than two heartbeats ago.
      await pause(1_500);
      expect(await world.slot('k')).to.match(/old/);
      sleeper.resume();
      expect(await first).to.equal(null);
      await world.letIn(b);
      await isIn('normal', a, b);
      await sleeper.isNormal();
      expect(await sleeper.get('k')).to.equal(null);
      expect(await world.slot('k')).to.not.match(/old/);
    });
  });
});
