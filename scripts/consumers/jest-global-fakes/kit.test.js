// Under `fakeTimers: { enableGlobally: true }` the timers, nextTick, queueMicrotask and Date are fake from the start.
const { createTestCache } = require('express-cache-health/testing');

test('the cache for tests works, and only its own time counts', async () => {
  const cache = createTestCache();
  await cache.set('a', 1, { ttl: '5m' });
  jest.advanceTimersByTime(5 * 60_000);
  expect(await cache.get('a')).toBe(1);
  await cache.advance('5m');
  expect(await cache.get('a')).toBeUndefined();
  await cache.breakRedis('hang', { untilNoticed: false });
  expect(await cache.getOrSet('a', async () => 2)).toBe(2);
  await cache.breakRedis('kill');
  expect(cache.status().mode).toBe('degraded');
  await cache.restoreRedis();
  expect(cache.status().mode).toBe('normal');
  await cache.close();
});
