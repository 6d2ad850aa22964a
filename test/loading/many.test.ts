import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Turns } from '../../lib/core/time/turns.js';
import { encodeValue } from '../../lib/entry/codec.js';
import { codeOf, gate, never, outcomeOf, rejectionOf } from '../support/promises.js';
import { unhandled } from '../support/wait.js';
import { InHand } from './in-hand.js';
import { names } from './names.js';

const HOUR = 3_600_000;

const all = <T>(keys: readonly string[], value: (key: string) => T): Map<string, T> =>
  new Map(keys.map((key) => [key, value(key)]));

const elsewhere = (value: unknown) => ({
  payload: encodeValue(value),
  ttlMs: 60_000,
  graceMs: 0,
  loadMs: 0,
});

describe('loading: many keys', () => {
  let loose: ReturnType<typeof unhandled>;

  beforeEach(() => {
    loose = unhandled();
  });

  afterEach(() => {
    expect(loose.stop()).to.deep.equal([]);
  });

  it('need one look, one claim, one call of the loader and one fill', async () => {
    const cache = new InHand();
    await cache.store.put('k1', elsewhere('cached'));
    const keys = names(4);
    const asked: (readonly string[])[] = [];
    const values = await cache.getOrSetMany(keys, (missing) => {
      asked.push(missing);
      return all(missing, (key) => `loaded ${key}`);
    });
    const missing = ['k0', 'k2', 'k3'];
    expect(asked).to.deep.equal([missing]);
    expect(cache.store.callsOf('get')).to.deep.equal([keys]);
    expect(cache.store.callsOf('claim')).to.deep.equal([missing]);
    expect(cache.store.callsOf('fill')).to.deep.equal([missing]);
    expect(Object.fromEntries(values)).to.deep.equal({
      k0: 'loaded k0',
      k1: 'cached',
      k2: 'loaded k2',
      k3: 'loaded k3',
    });
  });

  it('take one place among the concurrent loads', async () => {
    const cache = new InHand({ limit: 1, maxQueuedLoads: 0 });
    expect((await cache.getOrSetMany(names(50), (keys) => all(keys, () => 1))).size).to.equal(50);
  });

  it('of which the loader did not give some are absent, and their leases go back', async () => {
    const cache = new InHand();
    const values = await cache.getOrSetMany(['a', 'b', 'c'], () => new Map([['b', 1]]));
    expect([...values]).to.deep.equal([['b', 1]]);
    expect(cache.store.leased).to.deep.equal([]);
    expect(cache.store.callsOf('fill')).to.deep.equal([['b']]);
  });

  it('may have values that are undefined, which is not absent', async () => {
    const cache = new InHand();
    const values = await cache.getOrSetMany(['a'], () => new Map([['a', undefined]]));
    expect([...values]).to.deep.equal([['a', undefined]]);
  });

  it('are all told when the loader fails or gives something else', async () => {
    const cache = new InHand();
    const failure = new Error('away');
    const failed = cache.getOrSetMany(['a', 'b'], () => Promise.reject(failure));
    expect(await rejectionOf(failed)).to.equal(failure);
    expect(cache.failures.map(({ key }) => key)).to.deep.equal(['a', 'b']);
    const wrong = cache.getOrSetMany(['a'], () => ({ a: 1 }) as unknown as Map<string, number>);
    expect(await codeOf(wrong)).to.equal('ERR_CACHE_LOADER');
    expect(cache.store.leased).to.deep.equal([]);
  });

  it('of which one value cannot be encoded fail, and the others are stored', async () => {
    const cache = new InHand();
    const answer = cache.getOrSetMany<unknown>(
      ['a', 'b'],
      () =>
        new Map<string, unknown>([
          ['a', () => {}],
          ['b', 1],
        ]),
    );
    expect(await codeOf(answer)).to.equal('ERR_CACHE_VALUE');
    await cache.clock.advance(1);
    expect(cache.stored('b')).to.equal(1);
    expect(cache.store.leased).to.deep.equal([]);
  });

  it('none of them: nothing is asked', async () => {
    const cache = new InHand();
    expect(await cache.getOrSetMany([], never)).to.deep.equal(new Map());
    expect(cache.store.callsOf('claim')).to.deep.equal([]);
  });

  describe('shared with others', () => {
    it('join a running load, and do not wait for it with the rest', async () => {
      const cache = new InHand();
      const load = gate<string>();
      const first = cache.getOrSet('a', () => load.promise);
      await cache.clock.advance(1);
      const asked: (readonly string[])[] = [];
      const many = cache.getOrSetMany<string>(['a', 'b'], (missing) => {
        asked.push(missing);
        return all(missing, (key) => key);
      });
      await cache.clock.advance(1);
      expect(asked).to.deep.equal([['b']]);
      expect(cache.stored('b')).to.equal('b');
      load.open('shared');
      expect(Object.fromEntries(await many)).to.deep.equal({ a: 'shared', b: 'b' });
      await first;
    });

    it('are loaded by the joiner’s own loader when the first one did not give them', async () => {
      const cache = new InHand();
      const load = gate<Map<string, string>>();
      const asked: (readonly string[])[] = [];
      const first = cache.getOrSetMany(['a', 'b', 'c'], () => load.promise);
      await cache.clock.advance(1);
      const second = cache.getOrSetMany<string>(['b', 'c', 'd'], (missing) => {
        asked.push(missing);
        return all(missing, (key) => `second ${key}`);
      });
      const single = cache.getOrSet('c', () => 'single');
      await cache.clock.advance(1);
      load.open(new Map([['b', 'first b']]));
      expect([...(await first)]).to.deep.equal([['b', 'first b']]);
      const values: Record<string, string> = Object.fromEntries(await second);
      expect(values).to.include({ b: 'first b', d: 'second d' });
      expect(values.c).to.equal(await single);
      expect(asked[0]).to.deep.equal(['d']);
      expect(cache.stored('c')).to.equal(values.c);
    });

    it('are absent for a joiner with the very same loader, which is asked once', async () => {
      const cache = new InHand();
      const load = gate<Map<string, string>>();
      let calls = 0;
      const loader = (): Promise<Map<string, string>> => {
        calls++;
        return load.promise;
      };
      const callers = [1, 2, 3].map(() => cache.getOrSetMany(['a', 'b'], loader));
      await cache.clock.advance(1);
      load.open(new Map([['a', 'value']]));
      for (const values of await Promise.all(callers))
        expect([...values]).to.deep.equal([['a', 'value']]);
      expect(calls).to.equal(1);
    });

    it('never reach a caller of getOrSet as undefined', async () => {
      const cache = new InHand();
      const load = gate<Map<string, string>>();
      const many = cache.getOrSetMany(['a'], () => load.promise);
      await cache.clock.advance(1);
      const callers = [1, 2, 3].map((n) => cache.getOrSet('a', () => `own ${n}`));
      await cache.clock.advance(1);
      load.open(new Map());
      expect(new Set(await Promise.all(callers)).size).to.equal(1);
      expect((await callers[0]) as string).to.match(/^own/);
      expect((await many).size).to.equal(0);
    });

    it('and one that fails rejects the call; what else it began goes on and is stored', async () => {
      const cache = new InHand();
      const [single, bulk] = [gate<string>(), gate<Map<string, string>>()];
      const first = rejectionOf(cache.getOrSet('a', () => single.promise));
      await cache.clock.advance(1);
      const many = rejectionOf(cache.getOrSetMany(['a', 'b'], () => bulk.promise));
      await cache.clock.advance(1);
      single.fail(new Error('away'));
      expect(await many).to.have.property('message', 'away');
      await first;
      bulk.open(new Map([['b', 'stored']]));
      await cache.clock.advance(1);
      expect(cache.stored('b')).to.equal('stored');
    });
  });

  describe('a caller that goes', () => {
    it('does not abort the keys that others wait for', async () => {
      const cache = new InHand();
      const leaving = new AbortController();
      const load = gate<Map<string, string>>();
      let signal: AbortSignal | undefined;
      const gone = cache.getOrSetMany(
        ['a', 'b', 'c'],
        (_keys, context) => {
          signal = context.signal;
          return load.promise;
        },
        { signal: leaving.signal },
      );
      await cache.clock.advance(1);
      const other = cache.getOrSet('b', () => 'loaded twice');
      await cache.clock.advance(1);
      leaving.abort(new Error('gone'));
      expect(await rejectionOf(gone)).to.have.property('message', 'gone');
      expect(signal?.aborted).to.equal(false);
      const late = cache.getOrSet('c', () => 'loaded twice');
      load.open(all(['a', 'b', 'c'], (key) => `loaded ${key}`));
      expect([await other, await late]).to.deep.equal(['loaded b', 'loaded c']);
      expect(cache.stored('a')).to.equal('loaded a');
    });

    it('aborts the loader when no other caller waits for any of them', async () => {
      const cache = new InHand();
      const leaving = new AbortController();
      let signal: AbortSignal | undefined;
      const gone = rejectionOf(
        cache.getOrSetMany(
          ['a', 'b'],
          (_keys, context) => {
            signal = context.signal;
            return never();
          },
          { signal: leaving.signal },
        ),
      );
      await cache.clock.advance(1);
      leaving.abort();
      await gone;
      expect(signal?.aborted).to.equal(true);
      await cache.clock.advance(1);
      expect(cache.store.leased).to.deep.equal([]);
      expect(cache.failures).to.deep.equal([]);
      expect(await cache.getOrSet('a', () => 'anew')).to.equal('anew');
    });
  });

  it('whose loader never settles give their place back after loaderTimeout', async () => {
    const cache = new InHand({ limit: 1, loaderTimeoutMs: 1_000 });
    const many = codeOf(cache.getOrSetMany(['a', 'b'], never));
    await cache.clock.advance(1);
    const other = cache.getOrSet('c', () => 'c');
    await cache.clock.advance(999);
    expect(await many).to.equal('ERR_CACHE_LOADER_TIMEOUT');
    expect(await other).to.equal('c');
    expect(cache.singleFlight.load).to.include({ running: 0, queued: 0 });
    expect(cache.store.leased).to.deep.equal([]);
  });

  describe('that other processes load', () => {
    it('are asked for together, and do not hold up the others', async () => {
      const cache = new InHand();
      cache.store.holdElsewhere('h1');
      cache.store.holdElsewhere('h2');
      const asked: (readonly string[])[] = [];
      const many = cache.getOrSetMany<string>(['a', 'h1', 'h2'], (missing) => {
        asked.push(missing);
        return all(missing, (key) => `mine ${key}`);
      });
      await cache.clock.advance(9);
      expect(asked).to.deep.equal([['a']]);
      expect(cache.stored('a')).to.equal('mine a');
      await cache.clock.advance(1);
      expect(cache.store.callsOf('claim').slice(1)).to.deep.equal([['h1', 'h2']]);
      cache.store.storeElsewhere('h1', elsewhere('theirs'));
      await cache.clock.advance(100);
      expect(await outcomeOf(many)).to.equal('pending');
      await cache.clock.advance(540);
      expect(Object.fromEntries(await many)).to.deep.equal({
        a: 'mine a',
        h1: 'theirs',
        h2: 'mine h2',
      });
      expect(asked).to.deep.equal([['a'], ['h2']]);
      expect(cache.stored('h2')).to.equal(undefined);
    });

    it('are loaded together when their leases end', async () => {
      const cache = new InHand();
      for (const key of ['h1', 'h2']) cache.store.holdElsewhere(key, cache.clock.now() + 200);
      const asked: (readonly string[])[] = [];
      const many = cache.getOrSetMany<string>(['h1', 'h2'], (missing) => {
        asked.push(missing);
        return all(missing, (key) => key);
      });
      await cache.clock.advance(300);
      expect((await many).size).to.equal(2);
      expect(asked).to.deep.equal([['h1', 'h2']]);
      expect(cache.stored('h1')).to.equal('h1');
    });
  });

  it('serve stale values, each for itself', async () => {
    const cache = new InHand({ graceMs: HOUR });
    await cache.getOrSetMany(['a', 'b'], (keys) => all(keys, (key) => `old ${key}`), {
      ttlMs: 100,
    });
    await cache.clock.advance(101);
    const failing = (): Promise<never> => Promise.reject(new Error('away'));
    const values = await cache.getOrSetMany(['a', 'b'], failing);
    expect(Object.fromEntries(values)).to.deep.equal({ a: 'old a', b: 'old b' });
    const missing = cache.getOrSetMany(['a', 'c'], failing);
    expect(await rejectionOf(missing)).to.have.property('message', 'away');
    await cache.clock.advance(1_000);
    const soft = await cache.getOrSetMany(['a', 'b'], never, { softTimeoutMs: 0 });
    expect(Object.fromEntries(soft)).to.deep.equal({ a: 'old a', b: 'old b' });
  });

  it('wait beyond softTimeout only for those without a stale value', async () => {
    const cache = new InHand({ graceMs: HOUR, softTimeoutMs: 50 });
    await cache.getOrSet('a', () => 'old', { ttlMs: 100 });
    await cache.clock.advance(101);
    const load = gate<Map<string, string>>();
    const many = cache.getOrSetMany(['a', 'b'], () => load.promise);
    await cache.clock.advance(60);
    expect(await outcomeOf(many)).to.equal('pending');
    load.open(all(['a', 'b'], (key) => `new ${key}`));
    expect(Object.fromEntries(await many)).to.deep.equal({ a: 'old', b: 'new b' });
    expect(cache.stored('a')).to.equal('new a');
  });

  it('changed one by one while they load: the changed are not stored, the others are', async () => {
    const cache = new InHand();
    const load = gate<Map<string, string>>();
    const many = cache.getOrSetMany(['a', 'b', 'c:1'], () => load.promise);
    await cache.clock.advance(1);
    await cache.store.remove('a');
    await cache.store.clear('c:*');
    load.open(all(['a', 'b', 'c:1'], (key) => `old ${key}`));
    expect((await many).size).to.equal(3);
    expect(['a', 'b', 'c:1'].map((key) => cache.stored(key))).to.deep.equal([
      undefined,
      'old b',
      undefined,
    ]);
  });

  it('of which one is changed between two turns of the event loop, before the fill: it is not stored', async () => {
    const cache = new InHand({ ttlJitter: 0.1 });
    const { random } = Math;
    let looked = 0;
    // Each ttl is jittered when its value is looked at, one after the other.
    Math.random = () => {
      if (++looked === 2) void cache.store.remove('k0');
      return random();
    };
    try {
      const values = await cache.getOrSetMany(names(3), (keys) => all(keys, () => 'old'));
      expect(values.size).to.equal(3);
    } finally {
      Math.random = random;
    }
    expect(cache.store.callsOf('fill')).to.deep.equal([['k1', 'k2']]);
    expect(cache.store.callsOf('abandon')).to.deep.equal([['k0']]);
    expect(cache.stored('k0')).to.equal(undefined);
  });

  describe('in great number', () => {
    it('take work in proportion', async function () {
      this.timeout(30_000);
      const script = join(__dirname, 'count-work.js');
      // Its counts are its own, and not those of the coverage of this test.
      const env = { ...process.env, NODE_V8_COVERAGE: undefined };
      const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
      const [small, large] = JSON.parse(stdout) as [number, number];
      expect(small).to.be.above(20 * 1_000);
      expect(large).to.be.below(8.2 * small);
    });

    it('give the event loop its turns', async () => {
      const cache = new InHand();
      let now = 0;
      cache.clock.now = () => (now += 0.05);
      cache.store.isAway = true;
      let ticks = 0;
      let isOver = false;
      const tick = (): void => {
        ticks++;
        if (!isOver) setImmediate(tick);
      };
      setImmediate(tick);
      await cache.getOrSetMany(names(3_000), (keys) => all(keys, () => 1));
      isOver = true;
      // Seven passes over 3 000 keys, each look at the clock takes 50 µs, and a turn comes at least every 2 ms.
      expect(ticks).to.be.above(20);
      expect(new Turns(cache.clock).due()).to.equal(undefined);
    });
  });
});
