import { createServer } from 'node:net';
import { expect } from 'chai';
import type { Cache } from '../../lib/api/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';

const SWITCH = 'EXPRESS_CACHE_HEALTH';

describe('a cache that is switched off', () => {
  let cache: Cache;
  const lines: string[] = [];
  const say = (line: string): number => lines.push(line);
  const logger = { info: say, warn: say, error: say };
  beforeEach(() => {
    lines.length = 0;
    cache = createCache({ enabled: false, logger });
  });
  afterEach(() => cache.close());

  it('finds nothing, whatever was stored', async () => {
    await cache.set('a', 1);
    await cache.setMany([['b', 2]]);
    await cache.getOrSet('c', () => 3);
    expect(await cache.get('a')).to.equal(undefined);
    expect(await cache.has('b')).to.equal(false);
    expect((await cache.getMany(['a', 'b', 'c'])).size).to.equal(0);
    expect(cache.status().journal.entries).to.equal(0);
  });

  it('answers every change with `deferred`', async () => {
    expect([
      await cache.set('a', 1),
      await cache.setMany([['a', 1]]),
      await cache.delete('a'),
      await cache.deleteMany(['a', 'b']),
      await cache.clear(),
      await cache.clear('a*'),
    ]).to.deep.equal(Array(6).fill('deferred'));
  });

  it('runs loaders each time, one for callers of the same moment', async () => {
    let loads = 0;
    const load = async (): Promise<number> => ++loads;
    const together = await Promise.all([1, 2, 3].map(() => cache.getOrSet('a', load)));
    expect(together).to.deep.equal([1, 1, 1]);
    expect(await cache.getOrSet('a', load)).to.equal(2);
    const many = await cache.getOrSetMany(['a', 'b'], async (keys) => {
      return new Map(keys.map((key) => [key, key]));
    });
    expect([...many.keys()]).to.deep.equal(['a', 'b']);
  });

  it('limits loads only where that was asked for', async () => {
    let running = 0;
    let most = 0;
    const load = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const keys = Array.from({ length: 150 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => cache.getOrSet(key, load)));
    expect(most).to.equal(150);
    most = 0;
    const limited = createCache({ enabled: false, maxConcurrentLoads: 2, logger: false });
    await Promise.all(keys.map((key) => limited.getOrSet(key, load)));
    expect(most).to.equal(2);
  });

  it('says so, once in the log and always in the status', async () => {
    const message =
      'The cache is switched off (enabled: false): every request goes to the database.';
    expect(lines).to.deep.equal([`[express-cache-health] ${message}`]);
    await cache.get('a');
    const status = cache.status();
    expect(status).to.include({ status: 'degraded', mode: 'database-only', reason: 'disabled' });
    expect(status).to.include({ connected: false, message, memory: null });
    expect(lines).to.have.lengthOf(1);
  });

  it('never connects, also when the environment switches it off', async () => {
    let connections = 0;
    const server = createServer(() => connections++).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const before = process.env[SWITCH];
    process.env[SWITCH] = 'off';
    try {
      const off = createCache({ redis: `redis://127.0.0.1:${port}`, logger: false });
      await off.set('a', 1);
      expect(await off.getOrSet('a', () => 'loaded')).to.equal('loaded');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(connections).to.equal(0);
      expect(off.status().message).to.match(/\(EXPRESS_CACHE_HEALTH=off\)/);
      await off.close();
    } finally {
      if (before === undefined) delete process.env[SWITCH];
      else process.env[SWITCH] = before;
      server.close();
    }
  });

  it('closes, and stays closed', async () => {
    await cache.close();
    await cache.close();
    expect(cache.status().reason).to.equal('disabled');
    expect(await cache.getOrSet('a', () => 1)).to.equal(1);
  });
});
