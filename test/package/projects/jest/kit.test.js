jest.useFakeTimers();
const { createTestCache } = require('express-cache-health/testing');

test('the cache for tests works under fake timers', async () => {
  const cache = createTestCache();
  await cache.set('session:1', { user: 1 }, { ttl: '5m' });
  jest.advanceTimersByTime(5 * 60_000);
  expect(await cache.get('session:1')).toEqual({ user: 1 });
  await cache.advance('5m');
  expect(await cache.get('session:1')).toBeUndefined();
  await cache.breakRedis('hang', { untilNoticed: false });
  expect(await cache.getOrSet('a', async () => 1)).toBe(1);
  await cache.breakRedis('kill');
  expect(cache.status().mode).toBe('degraded');
  await cache.restoreRedis();
  expect(cache.status().mode).toBe('normal');
  await cache.close();
});
