const { once } = require('node:events');
const { createTestCache } = require('express-cache-health/testing');
const { createApp } = require('./app.js');

let cache;
let server;
const findProduct = jest.fn(async (id) => ({ id, name: 'Espresso' }));

beforeEach(async () => {
  findProduct.mockClear();
  cache = createTestCache();
  server = createApp({ cache, findProduct }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await cache.close();
  await new Promise((resolve) => server.close(resolve));
});

async function get(path) {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  return answer.json();
}

test('a product is loaded once in five minutes', async () => {
  await get('/products/1');
  await get('/products/1');
  expect(findProduct).toHaveBeenCalledTimes(1);
  await cache.advance('5m');
  expect(await get('/products/1')).toEqual({ id: '1', name: 'Espresso' });
  expect(findProduct).toHaveBeenCalledTimes(2);
});

test('visitors notice nothing when Redis freezes', async () => {
  await get('/products/1');
  await cache.breakRedis('hang', { untilNoticed: false });
  expect(await get('/products/1')).toEqual({ id: '1', name: 'Espresso' });
  expect(cache.counts('product:1').fromMemory).toBe(1);
});

test('health says what is going on', async () => {
  await cache.breakRedis('kill');
  expect(await get('/health')).toMatchObject({
    status: 'degraded',
    details: { cache: { status: 'degraded' } },
  });
  await cache.restoreRedis();
  expect(await get('/health')).toMatchObject({ status: 'ok' });
});

describe('with fake timers', () => {
  beforeEach(() => {
    // Express and fetch need real ticks and sockets; the cache for tests needs none of them.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });

  afterEach(() => jest.useRealTimers());

  test('the cache has its own time', async () => {
    await get('/products/1');
    jest.advanceTimersByTime(600_000);
    await get('/products/1');
    expect(findProduct).toHaveBeenCalledTimes(1);
  });
});
