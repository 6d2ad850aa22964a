import { expect } from 'chai';
import type { CacheHandle } from '../../lib/cache/cache.js';
import type { Lookup } from '../../lib/index.js';
import { cacheBy } from '../support/build-cache.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/wait.js';
import { isDegraded, Scene } from './scene.js';

const COMMAND_TIMEOUT_MS = 800;
/** A quarter of it. */
const PATIENCE_MS = 200;

/** Redis is real; time is moved by the tests, so that a busy machine makes nothing old or overdue. */
describe('faults: Redis hesitates', () => {
  let scene: Scene;
  let clock: ManualClock;
  let cache: CacheHandle;
  let lookups: Lookup[];
  let modes: string[];

  beforeEach(async () => {
    scene = await Scene.open();
    clock = new ManualClock();
    const commandTimeout = COMMAND_TIMEOUT_MS;
    cache = cacheBy(clock, { redis: scene.proxy.url, logger: false, commandTimeout });
    await until(() => cache.status().status === 'up', 'the cache is up');
    lookups = [];
    modes = [];
    cache.on('lookup', (lookup) => lookups.push(lookup));
    cache.on('modechange', ({ to }) => modes.push(to));
  });

  afterEach(async () => {
    scene.server.thaw();
    await cache.close();
    await scene.close();
  });

  /** Stores a value and has Redis show it. */
  async function show(key: string, value: unknown = 1): Promise<void> {
    await cache.set(key, value);
    await cache.get(key);
  }

  /** Hangs Redis and waits, with a reader of this key, until Redis hesitates. Resolves to what the reader was given. */
  async function hesitate(key: string): Promise<unknown> {
    scene.server.hang();
    const reading = cache.get(key);
    await clock.advance(PATIENCE_MS);
    return reading;
  }

  it('answers from memory what Redis showed a moment ago, while the mode is still normal', async () => {
    await show('a');
    expect(await hesitate('a')).to.equal(1);
    expect(lookups.at(-1)?.tier).to.equal('memory');
    scene.server.thaw();
    await until(async () => {
      await cache.get('a');
      return lookups.at(-1)?.tier === 'redis';
    }, 'Redis answers again');
    expect(modes).to.deep.equal([]);
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('begins no earlier than a quarter of commandTimeout', async () => {
    await show('a');
    scene.server.hang();
    const reading = cache.get('a');
    await clock.advance(PATIENCE_MS - 1);
    expect(await first(reading)).to.equal('waiting');
    await clock.advance(1);
    expect(await first(reading)).to.equal(1);
  });

  it('answers at once those that come while it lasts', async () => {
    await show('a');
    await hesitate('a');
    const those = Array.from({ length: 40 }, () => cache.get('a'));
    expect(await first(...those)).to.equal(1);
    await Promise.all(those);
    expect(lookups.at(-1)?.tier).to.equal('memory');
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('lets the event loop turn between the answers to a caller that asks again and again', async () => {
    await show('a');
    await hesitate('a');
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns++;
      turning = setImmediate(turn);
    });
    for (let i = 0; i < 100; i++) await cache.get('a');
    clearImmediate(turning);
    expect(turns).to.be.at.least(90);
    expect(lookups.at(-1)?.tier).to.equal('memory');
  });

  it('lets those wait whose value Redis did not show within the last second', async () => {
    await show('a');
    await show('old');
    await cache.set('unseen', 1);
    clock.jump(1_001);
    await cache.get('a');
    scene.server.hang();
    const waiting = ['old', 'unseen', 'absent'].map((key) => cache.get(key));
    expect(await hesitate('a')).to.equal(1);
    expect(await first(...waiting)).to.equal('waiting');
    scene.server.thaw();
    expect(await Promise.all(waiting)).to.deep.equal([1, 1, undefined]);
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('returns no value that its own process has deleted since', async () => {
    await show('a');
    await show('b');
    await hesitate('b');
    const deleted = cache.delete('a');
    expect(await cache.get('a')).to.equal(undefined);
    expect(await first(deleted)).to.equal('waiting');
    scene.server.thaw();
    expect(await deleted).to.equal('applied');
    expect(await cache.get('a')).to.equal(undefined);
  });

  it('counts as a hang, or not, also by the commands of reads that memory answered', async () => {
    await show('a');
    const before = await readsSeen();
    await hesitate('a');
    for (let i = 0; i < 5; i++) await cache.get('a');
    expect(lookups.at(-1)?.tier).to.equal('memory');
    scene.server.thaw();
    await until(async () => (await readsSeen()) === before + 6, 'Redis has seen all six');
  });

  it('sends no more of them than it takes to tell', async () => {
    await show('a');
    const before = await readsSeen();
    await hesitate('a');
    for (let i = 0; i < 500; i++) expect(await cache.get('a')).to.equal(1);
    scene.server.thaw();
    // Answered last, and by Redis: all that was sent before it has been seen.
    expect(await cache.get('absent')).to.equal(undefined);
    expect((await readsSeen()) - before).to.be.within(10, 40);
    expect(modes).to.deep.equal([]);
  });

  async function readsSeen(): Promise<number> {
    const stats = String(await scene.server.command('INFO', 'commandstats'));
    return Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }
});

describe('faults: Redis hesitates, and hangs', () => {
  it('counts as a hang, though readers do not wait for it', async () => {
    const scene = await Scene.open();
    try {
      const middleware = await scene.join();
      await middleware.cache.set('a', 1);
      await middleware.cache.get('a');
      scene.server.hang();
      const reading = keepReading(() => middleware.cache.get('a'));
      await isDegraded(middleware);
      await reading.stop();
      expect(middleware.cache.status().reason).to.equal('timeout');
    } finally {
      scene.server.thaw();
      await scene.close();
    }
  });
});

/** What the first to be answered got within a turn of the event loop, or `'waiting'`. */
function first(...answers: Promise<unknown>[]): Promise<unknown> {
  const turn = new Promise((resolve) => setImmediate(() => setImmediate(resolve, 'waiting')));
  return Promise.race([...answers, turn]);
}

/** Reads again whenever it was answered. */
function keepReading(read: () => Promise<unknown>): { stop(): Promise<void> } {
  let isStopped = false;
  const loop = (async () => {
    while (!isStopped) {
      await read();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await loop;
    },
  };
}
