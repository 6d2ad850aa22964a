import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { mock } from 'node:test';
import { expect } from 'chai';
import { createTestCache } from '../../lib/testing.js';

describe('the cache for tests under fake timers', () => {
  afterEach(() => mock.timers.reset());

  it('needs no timer, and no process is kept alive by it', () => {
    const program = join(__dirname, 'frozen-world.js');
    const output = execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 10_000 });
    expect(JSON.parse(output)).to.deep.equal([
      'applied',
      1,
      null,
      2,
      2,
      1,
      'degraded',
      'deferred',
      'normal',
      true,
    ]);
  });

  it('works with those of node:test, and begins at their time', async () => {
    mock.timers.enable({
      apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'],
      now: Date.UTC(2030, 0, 1),
    });
    const cache = createTestCache();
    await cache.set('a', 1);
    mock.timers.tick(600_000);
    expect(await cache.get('a')).to.equal(1);
    await cache.advance('10m');
    expect(await cache.get('a')).to.equal(undefined);
    await cache.breakRedis('hang');
    expect(cache.status().since).to.match(/^2030-01-01T00:10:0/);
    await cache.restoreRedis();
    await cache.close();
  });

  it('expires values to the millisecond when the fake date begins at 0', async () => {
    mock.timers.enable({ apis: ['Date'] });
    const cache = createTestCache({ ttl: '5m' });
    await Promise.all([cache.set('a', 1), cache.getOrSet('b', () => 1)]);
    await cache.advance(299_999);
    expect([await cache.get('a'), await cache.get('b')]).to.deep.equal([1, 1]);
    await cache.advance(1);
    expect([await cache.get('a'), await cache.get('b')]).to.deep.equal([undefined, undefined]);
    await cache.close();
  });
});
