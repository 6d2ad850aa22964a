import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestCache } from 'express-cache-health/testing';

test('the cache for tests works under the fake timers of node:test', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  const cache = createTestCache();
  await cache.set('a', 1, { ttl: '5m' });
  t.mock.timers.tick(5 * 60_000);
  assert.equal(await cache.get('a'), 1);
  await cache.advance('5m');
  assert.equal(await cache.get('a'), undefined);
  await cache.breakRedis('hang', { untilNoticed: false });
  assert.equal(await cache.getOrSet('a', async () => 2), 2);
  await cache.breakRedis('kill');
  assert.equal(cache.status().mode, 'degraded');
  await cache.restoreRedis();
  await cache.close();
});
