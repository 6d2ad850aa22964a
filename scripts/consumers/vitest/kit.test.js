import { once } from 'node:events';
import express from 'express';
import { cacheMiddleware, createCache } from 'express-cache-health';
import { createTestCache } from 'express-cache-health/testing';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.useRealTimers());

test('the cache for tests works under fake timers', async () => {
  // Vitest cannot fake nextTick in its default pool.
  vi.useFakeTimers({
    toFake: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance', 'Date'],
  });
  const cache = createTestCache();
  await cache.set('a', new Date(), { ttl: '5m' });
  vi.advanceTimersByTime(5 * 60_000);
  expect(await cache.get('a')).toBeInstanceOf(Date);
  await cache.advance('5m');
  expect(await cache.get('a')).toBeUndefined();
  await cache.breakRedis('hang', { untilNoticed: false });
  expect(await cache.getOrSet('a', async () => 2)).toBe(2);
  await cache.restoreRedis();
  await cache.breakRedis('kill');
  expect(cache.status().mode).toBe('degraded');
  await cache.close();
});

test('the middleware serves the cache for tests', async () => {
  const cache = createTestCache();
  const app = express();
  app.use(cacheMiddleware(cache));
  app.get('/', async (req, res) => void res.json(await req.cache.getOrSet('a', () => 1)));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  const answers = [await fetch(url), await fetch(url)];
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([1, 1]);
  expect(cache.counts('a')).toMatchObject({ loads: 1, fromRedis: 1 });
  server.close();
  await cache.close();
});

test('a real cache uses Redis', async () => {
  const cache = createCache({ logger: false });
  await vi.waitUntil(() => cache.status().mode === 'normal');
  expect(await cache.set('vitest', 1)).toBe('applied');
  await cache.close();
});
