const { app, cache } = require('./app.js');

let server;
let url;

beforeAll(async () => {
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  for (let tries = 0; cache.status().status !== 'up' && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
});

afterAll(async () => {
  await cache.close();
  await new Promise((resolve) => server.close(resolve));
});

async function get(path) {
  const answer = await fetch(url + path);
  return answer.json();
}

test('a value is loaded once', async () => {
  expect(await get('/answer')).toEqual({ wasCached: false, value: 42 });
  expect(await get('/answer')).toEqual({ wasCached: true, value: 42 });
});

test('the health endpoints answer', async () => {
  expect(await get('/health')).toMatchObject({ status: 'ok' });
});

test('a second copy of the module registry has the same errors', async () => {
  jest.resetModules();
  const { isCacheHealthError } = require('express-cache-health');
  const error = await cache.get('').catch((reason) => reason);
  expect(isCacheHealthError(error)).toBe(true);
});
