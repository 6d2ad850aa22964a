import { expect } from 'chai';
import { createClient } from 'redis';
import type { CacheHandle } from '../../lib/cache/cache.js';
import type { RedisClientLike } from '../../lib/redis/connection/client.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/wait.js';
import { isIn, type Member, useWorld } from './world.js';

const COMMAND_TIMEOUT = 100;
const HOUR = 3_600_000;

interface Case {
  readonly name: string;
  /** What the server's clock shows, in ms since the call of the late write, when something newer is stored… */
  readonly newerAt: number;
  /** … and when the late write runs. */
  readonly ghostAt: number;
  /** The case of ADR 16. */
  readonly isLost?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'an hour forward', newerAt: HOUR, ghostAt: HOUR + 500 },
  { name: 'forward, but not beyond the deadline', newerAt: 2_000, ghostAt: 2_500 },
  { name: 'an hour back', newerAt: -HOUR, ghostAt: -HOUR + 500 },
  { name: 'back, but by less than the hang', newerAt: 200, ghostAt: 300 },
  { name: 'back by more than the hang, and not there again', newerAt: -3_000, ghostAt: -500 },
  { name: 'back by more than the hang, and past the deadline', newerAt: -3_000, ghostAt: 60_000 },
  {
    name: 'back by the hang: the late write runs at the time of its call',
    newerAt: -3_000,
    ghostAt: 0,
    isLost: true,
  },
  {
    name: 'back by the hang, and on before the deadline',
    newerAt: -3_000,
    ghostAt: 2_000,
    isLost: true,
  },
];

describe('the clock of Redis is set', function () {
  this.timeout(40_000);
  const world = useWorld({ isStepped: true });
  let a: CacheHandle;
  let b: Member;
  /** The first connection of A goes through this one, all later ones straight to Redis. */
  let stalled: FaultProxy;

  beforeEach(async () => {
    stalled = await FaultProxy.start(world.server.port);
    let connections = 0;
    const redis = (): RedisClientLike => {
      const port = connections++ === 0 ? stalled.port : world.server.port;
      return createClient({
        disableOfflineQueue: true,
        socket: { host: '127.0.0.1', port, reconnectStrategy: false },
      }) as unknown as RedisClientLike;
    };
    a = world.make({ redis, commandTimeout: COMMAND_TIMEOUT });
    b = await world.join();
    await isIn('normal', { cache: a });
    await a.set('k', 'first');
  });

  afterEach(() => stalled?.close());

  const serverMs = async (): Promise<number> => {
    const [seconds = '', micros = ''] = (await world.server.command('TIME')) as string[];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };

  /** A write that is on its way while its process has given it up and told Redis so. Returns the time of its call. */
  const giveUp = async (): Promise<number> => {
    const calledAt = await serverMs();
    stalled.blackhole();
    expect(await a.set('k', 'ghost')).to.equal('deferred');
    await isIn('degraded', { cache: a });
    await isIn('normal', { cache: a });
    await until(() => a.status().journal.entries === 0, 'it is told again');
    return calledAt;
  };

  /** By a process that has seen where the clock is. */
  const storeNewer = async (): Promise<void> => {
    await until(async () => (await b.cache.set('x', 1)) === 'applied', 'B follows');
    await until(async () => (await b.cache.set('k', 'newer')) === 'applied', 'it is stored');
  };

  /** Lets go of the late write; settles when Redis has run it. */
  const release = async (): Promise<void> => {
    const monitor = await world.server.monitor();
    await stalled.pass();
    await until(() => monitor.lines.some((line) => line.includes('ghost')), 'it runs');
    await monitor.stop();
  };

  describe('during a hang', () => {
    for (const { name, newerAt, ghostAt, isLost = false } of CASES) {
      const what = isLost ? 'something newer is lost (ADR 16)' : 'something newer stays';
      it(`${name}: ${what}`, async () => {
        const calledAt = await giveUp();
        world.freezeClock(calledAt + newerAt);
        await storeNewer();
        expect(await world.slot('k')).to.match(/newer/);
        world.freezeClock(calledAt + ghostAt);
        await release();
        if (isLost) expect(await world.slot('k')).to.not.match(/newer/);
        else expect(await world.slot('k')).to.match(/newer/);
      });
    }

    for (const { name, ghostAt } of CASES) {
      it(`${name}: what its own process told again stays`, async () => {
        const calledAt = await giveUp();
        world.freezeClock(calledAt + ghostAt);
        await release();
        expect(await world.slot('k')).to.not.match(/ghost/);
      });
    }
  });

  for (const step of [HOUR, 1_000, -2_000, -HOUR]) {
    it(`by ${step} ms before a hang: something newer stays`, async () => {
      world.stepClock(step);
      await until(async () => (await a.set('x', 1)) === 'applied', 'A follows');
      await until(async () => (await b.cache.set('x', 1)) === 'applied', 'B follows');
      await until(() => a.status().journal.entries === 0, 'nothing waits');
      await giveUp();
      await storeNewer();
      await release();
      expect(await world.slot('k')).to.not.match(/ghost|first/);
    });

    it(`by ${step} ms after a hang: nothing old comes back`, async () => {
      await giveUp();
      await storeNewer();
      await release();
      world.stepClock(step);
      expect(await world.slot('k')).to.not.match(/ghost|first/);
      expect(await b.cache.get('k')).to.be.oneOf(['newer', undefined]);
      await until(async () => (await a.delete('k')) === 'applied', 'A follows');
      expect(await a.get('k')).to.equal(undefined);
      await until(async () => (await b.cache.get('k')) === undefined, 'B follows');
    });

    it(`by ${step} ms while Redis itself hangs: what is deleted during it is gone after it`, async () => {
      world.server.hang();
      expect(await a.set('k', 'ghost')).to.equal('deferred');
      expect(await a.delete('k')).to.equal('deferred');
      world.stepClock(step);
      world.server.thaw();
      await isIn('normal', { cache: a }, b);
      await until(() => a.status().journal.entries === 0, 'it is told');
      expect(await world.slot('k')).to.not.match(/ghost|first/);
      expect(await a.get('k')).to.equal(undefined);
      expect(await b.cache.get('k')).to.equal(undefined);
    });
  }
});
