import { expect } from 'chai';
import fc from 'fast-check';
import { type Cache, createCache } from '../../lib/index.js';
import { gate } from '../support/promises.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Member } from './fleet.js';
import { untilNormal } from './support.js';

const CALLERS = 200;
const LOAD_MS = 50;

describe('a fleet with one Redis', () => {
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start();
  });

  after(() => redis.stop());

  describe('of four processes', () => {
    let members: Member[];

    beforeEach(async () => {
      const names = ['a', 'b', 'c', 'd'];
      members = await Promise.all(names.map((name) => Member.start(redis.url, name)));
    });

    afterEach(() => Promise.all(members.map((member) => member.kill())));

    it('loads a cold key once, and answers every caller', async () => {
      const task = { key: `cold:${Math.random()}`, callers: CALLERS, loadMs: LOAD_MS };
      const answers = await Promise.all(members.map((member) => member.stampede(task)));
      expect(answers.map(({ answers: count }) => count)).to.deep.equal([200, 200, 200, 200]);
      expect(answers.reduce((sum, { loads }) => sum + loads, 0)).to.equal(1);
      expect(new Set(answers.flatMap(({ values }) => values)).size).to.equal(1);
      const slowest = Math.max(...answers.map(({ slowestMs }) => slowestMs));
      console.log(`      800 callers, loader ${LOAD_MS} ms: slowest ${Math.round(slowest)} ms`);
    });

    it('is succeeded by exactly one when the one that loads is killed', async () => {
      const key = `orphan:${Math.random()}`;
      const [owner, ...others] = members as [Member, ...Member[]];
      const loading = owner.untilLoading();
      owner.stampede({ key, callers: 1, loadMs: 60_000 }).catch(() => {});
      await loading;
      const task = { key, callers: CALLERS, loadMs: LOAD_MS };
      const answering = others.map((member) => member.stampede(task));
      await owner.kill();
      const answers = await Promise.all(answering);
      expect(answers.reduce((sum, { loads }) => sum + loads, 0)).to.equal(1);
      expect(answers.every(({ answers: count }) => count === CALLERS)).to.equal(true);
      const slowest = Math.max(...answers.map(({ slowestMs }) => slowestMs));
      console.log(`      owner killed: slowest ${Math.round(slowest)} ms`);
    });
  });

  describe('of two caches', () => {
    let a: Cache;
    let b: Cache;

    beforeEach(async () => {
      const options = { redis: redis.url, logger: false, commandTimeout: '2s' } as const;
      [a, b] = [createCache(options), createCache(options)];
      await untilNormal(a, b);
    });

    afterEach(() => Promise.all([a.close(), b.close()]));

    it('shares what one of them loads', async () => {
      const load = gate<string>();
      const loading = a.getOrSet('shared', () => load.promise);
      await until(
        async () => (await redis.command('EXISTS', 'cache:shared')) === 1,
        'a lease is held',
      );
      const waiting = b.getOrSet('shared', () => 'loaded twice');
      load.open('loaded once');
      expect(await loading).to.equal('loaded once');
      expect(await waiting).to.equal('loaded once');
    });

    it('stops waiting after leaseWait, and does not store what it loaded itself', async () => {
      const impatient = createCache({ redis: redis.url, logger: false, leaseWait: 0 });
      await untilNormal(impatient);
      const load = gate<string>();
      const loading = a.getOrSet('slow', () => load.promise);
      await until(
        async () => (await redis.command('EXISTS', 'cache:slow')) === 1,
        'a lease is held',
      );
      expect(await impatient.getOrSet('slow', () => 'mine')).to.equal('mine');
      load.open('theirs');
      await loading;
      expect(await b.get('slow')).to.equal('theirs');
      await impatient.close();
    });

    it('answers with a stale value while the other loads', async () => {
      const options = { ttl: 50, grace: '1h' } as const;
      await a.getOrSet('stale', () => 'old', options);
      await until(async () => !(await a.has('stale')), 'the value is stale');
      const load = gate<string>();
      const loading = a.getOrSet('stale', () => load.promise, options);
      await until(
        async () => String(await redis.command('GET', 'cache:stale')).startsWith('L'),
        'a lease is held',
      );
      expect(await b.getOrSet('stale', () => 'loaded twice', options)).to.equal('old');
      load.open('new');
      expect(await loading).to.equal('new');
    });

    it('keeps a lease for as long as the loader runs', async () => {
      const load = gate<string>();
      const loading = a.getOrSet('long', () => load.promise);
      const heldUntil = async (): Promise<number> =>
        Number(String(await redis.command('GET', 'cache:long')).slice(11, 24)) || 0;
      await until(async () => (await heldUntil()) > 0, 'a lease is held');
      const first = await heldUntil();
      await until(async () => (await heldUntil()) > first + 300, 'the lease was renewed twice');
      load.open('value');
      await loading;
      expect(await b.get('long')).to.equal('value');
    });

    it('never keeps what was loaded before the other deleted it, in 1 000 schedules', async function () {
      this.timeout(60_000);
      let run = 0;
      const schedule = fc.shuffledSubarray(['finish', 'delete', 'late'], { minLength: 3 });
      await fc.assert(
        fc.asyncProperty(schedule, fc.nat(3), async (order, turns) => {
          const key = `race:${run++}`;
          let database = 1;
          const load = gate();
          const loading = a.getOrSet(key, async () => {
            const value = database;
            await load.promise;
            return value;
          });
          const pending: Promise<unknown>[] = [loading];
          for (const act of order) {
            for (let turn = 0; turn < turns; turn++)
              await new Promise((next) => setImmediate(next));
            if (act === 'finish') load.open();
            else if (act === 'late') pending.push(b.getOrSet(key, () => database));
            else {
              database = 2;
              pending.push(b.delete(key));
            }
          }
          await Promise.all(pending);
          return (await b.get<number>(key)) !== 1;
        }),
        { numRuns: 1_000 },
      );
    });
  });
});

describe('the wire', () => {
  let redis: RedisServer;
  let cache: Cache;

  before(async () => {
    redis = await RedisServer.start();
    cache = createCache({ redis: redis.url, logger: false });
    await untilNormal(cache);
    // Redis has learned the scripts.
    await cache.getOrSet('first', () => 1);
    await cache.delete('first');
  });

  after(async () => {
    await cache.close();
    await redis.stop();
  });

  const commandsOf = async (key: string, act: () => Promise<unknown>): Promise<string[]> => {
    const monitor = await redis.monitor();
    await act();
    await monitor.stop();
    return monitor.lines
      .filter((line) => line.includes(`"cache:${key}"`) && !line.includes(' lua]'))
      .map((line) => /"(\w+)"/.exec(line)?.[1] ?? '');
  };

  it('carries one GET for a hit', async () => {
    await cache.set('hit', 1);
    expect(await commandsOf('hit', () => cache.getOrSet('hit', () => 2))).to.deep.equal(['GET']);
    expect(await commandsOf('hit', () => cache.get('hit'))).to.deep.equal(['GET']);
  });

  it('carries three commands for a cold load: look, lease, store', async () => {
    await cache.getOrSet('first', () => 1); // Redis learns the scripts.
    const commands = await commandsOf('cold', () => cache.getOrSet('cold', () => 1));
    expect(commands).to.deep.equal(['GET', 'EVALSHA', 'EVALSHA']);
  });

  it('carries one command for a set and one for a delete', async () => {
    expect(await commandsOf('w', () => cache.set('w', 1))).to.deep.equal(['EVALSHA']);
    expect(await commandsOf('w', () => cache.delete('w'))).to.deep.equal(['EVALSHA']);
  });
});

describe('the database without Redis', () => {
  it('is asked by at most 100 loaders at once after Redis was killed under load', async function () {
    this.timeout(30_000);
    const redis = await RedisServer.start();
    const cache = createCache({ redis: redis.url, logger: false, maxQueuedLoads: 100_000 });
    await untilNormal(cache);
    let running = 0;
    let most = 0;
    const loader = async (): Promise<number> => {
      if (cache.status().mode !== 'normal') most = Math.max(most, ++running);
      else running++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return 1;
    };
    const ask = (i: number): Promise<number> => cache.getOrSet(`k${i}`, loader);
    await Promise.all(Array.from({ length: 50 }, (_, i) => ask(i)));
    await redis.kill();
    await until(() => cache.status().mode === 'degraded', 'the loss is known');
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => ask(1_000 + i)));
    expect(most).to.be.within(2, 100);
    console.log(`      2 000 cold keys without Redis: at most ${most} loaders at once`);
    await cache.close();
    await redis.stop();
  });
});
