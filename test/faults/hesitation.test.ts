import { expect } from 'chai';
import type { Lookup } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { isDegraded, Scene } from './scene.js';

describe('faults: Redis hesitates', () => {
  /** A quarter of it is patience; all of it is more than enough to look around in. */
  const COMMAND_TIMEOUT_MS = 1_600;

  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(async () => {
    scene.server.thaw();
    await scene.close();
  });

  async function join() {
    const middleware = await scene.join({ commandTimeout: COMMAND_TIMEOUT_MS });
    const { cache } = middleware;
    const lookups: Lookup[] = [];
    cache.on('lookup', (lookup) => lookups.push(lookup));
    return { middleware, cache, lookups, witness: middleware.witness };
  }

  it('answers from memory what Redis showed a moment ago, while the mode is still normal', async () => {
    const { cache, lookups, witness } = await join();
    await cache.set('a', 1);
    await cache.get('a');
    const reading = keepReading(() => cache.get('a'));
    scene.server.hang();
    await until(() => lookups.at(-1)?.tier === 'memory', 'memory answers');
    const { mode } = cache.status();
    scene.server.thaw();
    await until(() => lookups.at(-1)?.tier === 'redis', 'Redis answers again');
    await reading.stop();
    expect(mode).to.equal('normal');
    expect(witness.changes).to.deep.equal([]);
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('answers at once those that come while it lasts', async () => {
    const { cache, lookups } = await join();
    await cache.set('a', 1);
    await cache.get('a');
    scene.server.hang();
    await cache.get('a');
    const those = Array.from({ length: 40 }, () => cache.get('a'));
    const first = await Promise.race([...those, new Promise((resolve) => setImmediate(resolve))]);
    await Promise.all(those);
    expect(first).to.equal(1);
    expect(lookups.at(-1)?.tier).to.equal('memory');
    expect(cache.status().metrics.errors).to.equal(0);
  });

  it('lets the event loop turn between the answers to a caller that asks again and again', async () => {
    const { cache } = await join();
    await cache.set('a', 1);
    await cache.get('a');
    scene.server.hang();
    await cache.get('a');
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns++;
      turning = setImmediate(turn);
    });
    for (let i = 0; i < 100; i++) await cache.get('a');
    clearImmediate(turning);
    expect(turns).to.be.at.least(90);
    expect(cache.status().mode).to.equal('normal');
  });

  it('lets those wait whose value Redis did not show within the last second', async () => {
    const { cache, lookups } = await join();
    await cache.set('a', 1);
    await cache.set('old', 1);
    await cache.get('old');
    await cache.set('unseen', 1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await cache.get('a');
    scene.server.hang();
    const waiting = ['old', 'unseen', 'absent'].map((key) => cache.get(key));
    await until(async () => {
      await cache.get('a');
      return lookups.at(-1)?.tier === 'memory';
    }, 'memory answers for what is recent');
    const first = await Promise.race([
      ...waiting,
      new Promise((resolve) => setImmediate(resolve, 'waiting')),
    ]);
    expect(first).to.equal('waiting');
    scene.server.thaw();
    expect(cache.status().metrics.errors).to.equal(0);
    expect(await Promise.all(waiting)).to.deep.equal([1, 1, undefined]);
  });

  it('gives nobody what its own process deleted meanwhile', async () => {
    const { cache, lookups } = await join();
    await cache.set('a', 1);
    await cache.set('b', 1);
    await cache.get('a');
    await cache.get('b');
    const reading = keepReading(() => cache.get('b'));
    scene.server.hang();
    await until(() => lookups.at(-1)?.tier === 'memory', 'memory answers');
    const deleted = cache.delete('a');
    const read = cache.get('a');
    scene.server.thaw();
    await reading.stop();
    expect(await read).to.equal(undefined);
    expect(await deleted).to.equal('applied');
  });

  it('is found out for a hang, or not, by the commands of those who were spared too', async () => {
    const { cache, lookups } = await join();
    await cache.set('a', 1);
    await cache.get('a');
    const before = await readsSeen();
    scene.server.hang();
    for (let i = 0; i < 6; i++) {
      await cache.get('a');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lookups.at(-1)?.tier).to.equal('memory');
    scene.server.thaw();
    await until(async () => (await readsSeen()) === before + 6, 'Redis has seen all six');
  });

  async function readsSeen(): Promise<number> {
    const stats = String(await scene.server.command('INFO', 'commandstats'));
    return Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it('does not keep the hang from being found out', async () => {
    const middleware = await scene.join();
    const { cache } = middleware;
    await cache.set('a', 1);
    await cache.get('a');
    scene.server.hang();
    const reading = keepReading(() => cache.get('a'));
    await isDegraded(middleware);
    await reading.stop();
    expect(cache.status().reason).to.equal('timeout');
  });
});

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
