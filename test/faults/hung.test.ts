import { expect } from 'chai';
import { type Cache, cacheMiddleware } from '../../lib/index.js';
import { RedisServer } from '../support/redis-server.js';
import { isDegraded, isUp, Scene } from './scene.js';
import { describeFault, type Stage } from './story.js';
import { requestCache } from './traffic.js';

async function stoppable(): Promise<Stage> {
  const server = await RedisServer.start();
  return {
    url: server.url,
    truthUrl: server.url,
    begin: async () => server.hang(),
    end: async () => server.thaw(),
    close: () => server.stop(),
  };
}

describe('faults: Redis hangs', () => {
  describeFault({ title: 'SIGSTOP while idle', reasons: ['timeout'], stage: stoppable });
  describeFault({
    title: 'SIGSTOP under load',
    reasons: ['timeout'],
    stage: stoppable,
    isUnderLoad: true,
  });
});

describe('faults: one request before a hung Redis', function () {
  this.retries(2); // a real duration, on machines that are shared
  const COMMAND_TIMEOUT_MS = 400;
  /** Less than a second commandTimeout. */
  const MARGIN_MS = 350;

  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(async () => {
    scene.server.thaw();
    await scene.close();
  });

  async function timed(
    calls: readonly ((cache: Cache) => Promise<unknown>)[],
    cache: Cache,
  ): Promise<number> {
    const startedAt = performance.now();
    for (const call of calls) await call(cache);
    return performance.now() - startedAt;
  }

  it('pays commandTimeout once, however many calls it makes', async () => {
    const middleware = await scene.join({ commandTimeout: COMMAND_TIMEOUT_MS });
    const cache = requestCache(middleware);
    scene.server.hang();
    const ms = await timed(
      [
        (c) => c.get('a'),
        (c) => c.set('b', 1),
        (c) => c.getOrSet('c', () => 1),
        (c) => c.delete('d'),
        (c) => c.has('e'),
        (c) => c.getMany(['f', 'g']),
        (c) => c.setMany([['h', 1]]),
        (c) => c.clear('i:*'),
        (c) => c.getOrSetMany(['j', 'k'], (keys) => new Map(keys.map((key) => [key, 1]))),
        (c) => c.get('l'),
      ],
      cache,
    );
    expect(ms).to.be.below(COMMAND_TIMEOUT_MS + MARGIN_MS);
  });

  for (const method of ['set', 'delete', 'clear', 'getOrSet'] as const) {
    it(`pays commandTimeout once for ten calls of ${method}()`, async () => {
      const middleware = await scene.join({ commandTimeout: COMMAND_TIMEOUT_MS });
      const cache = requestCache(middleware);
      const calls: Record<typeof method, (key: string) => Promise<unknown>> = {
        set: (key) => cache.set(key, 1),
        delete: (key) => cache.delete(key),
        clear: (key) => cache.clear(`${key}:*`),
        getOrSet: (key) => cache.getOrSet(key, () => 1),
      };
      scene.server.hang();
      const ten = Array.from({ length: 10 }, (_, i) => () => calls[method](`key:${i}`));
      expect(await timed(ten, cache)).to.be.below(COMMAND_TIMEOUT_MS + MARGIN_MS);
    });
  }

  it('pays commandTimeout once when Redis is black-holed from the start', async () => {
    scene.proxy.blackhole();
    const middleware = cacheMiddleware({
      redis: scene.proxy.url,
      commandTimeout: COMMAND_TIMEOUT_MS,
      logger: false,
    });
    const cache = requestCache(middleware);
    const ten = Array.from({ length: 10 }, (_, i) => () => cache.getOrSet(`key:${i}`, () => i));
    expect(await timed(ten, cache)).to.be.below(COMMAND_TIMEOUT_MS + MARGIN_MS);
    await middleware.cache.close();
  });

  it('notices a hang after three commands without an answer', async () => {
    const middleware = await scene.join();
    scene.server.hang();
    for (let i = 0; i < 3; i++) await middleware.cache.get(`key:${i}`);
    await isDegraded(middleware);
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) await middleware.cache.get(`key:${i}`);
    expect(performance.now() - startedAt).to.be.below(500);
  });

  it('does not count a pause shorter than commandTimeout as a hang', async () => {
    const { cache, witness } = await scene.join({ commandTimeout: 2_000 });
    scene.server.hang();
    const read = cache.get('a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    scene.server.thaw();
    await read;
    expect(await cache.set('a', 1)).to.equal('applied');
    expect(witness.changes).to.deep.equal([]);
  });

  it('lets no write from before the hang replace a later one', async () => {
    const middleware = await scene.join();
    const { cache } = middleware;
    await cache.set('price', 'first');
    scene.server.hang();
    expect(await cache.set('price', 'ghost')).to.equal('deferred');
    await isDegraded(middleware);
    await cache.delete('price');
    scene.server.thaw();
    await isUp(middleware);
    expect(await cache.get('price')).to.equal(undefined);
    expect(await cache.set('price', 'last')).to.equal('applied');
    expect(await cache.get('price')).to.equal('last');
  });

  it('notices that writes alone hang, while reads are answered', async () => {
    const middleware = await scene.join();
    const { cache } = middleware;
    await cache.set('a', 1);
    await scene.server.command('CLIENT', 'PAUSE', '60000', 'WRITE');
    let isReading = true;
    const reading = (async () => {
      while (isReading) {
        await cache.get('a');
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    let waits = 0;
    for (let i = 0; i < 30; i++) {
      const startedAt = performance.now();
      await cache.set(`b:${i}`, i);
      if (performance.now() - startedAt > 90) waits++;
    }
    await isDegraded(middleware);
    expect(waits).to.be.below(10);
    await scene.server.command('CLIENT', 'UNPAUSE');
    await isUp(middleware);
    isReading = false;
    await reading;
    expect(await cache.set('a', 2)).to.equal('applied');
  });

  it('is not confused with many large values: they come in several answers, each a sign of life', async () => {
    // How long 15 MB take is the machine's affair.
    const { cache, witness } = await scene.join({ memory: false, commandTimeout: '5s' });
    const keys = Array.from({ length: 100 }, (_, i) => `page:${i}`);
    const large = 'x'.repeat(150_000);
    for (const key of keys) await cache.set(key, large);
    // How large the values are is learned from the answers.
    for (const key of keys) await cache.get(key);
    const monitor = await scene.server.monitor();
    const values = await cache.getMany(keys);
    await monitor.stop();
    const answers = monitor.lines.filter((line) => /"M?GET" .*page:/.test(line)).length;
    expect(answers).to.be.above(keys.length / 2);
    expect(keys.every((key) => values.get(key) === large)).to.equal(true);
    expect(witness.changes).to.deep.equal([]);
  });
});
