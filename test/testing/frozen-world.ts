// A program whose every timer is a fake one that never fires, from before the kit is loaded, as under Jest with
// `fakeTimers: { enableGlobally: true }`. Nothing that it prints may need one of them, so it writes to the
// descriptor itself. It ends by itself, without `close()`.
import { writeSync } from 'node:fs';

const never = (): void => {};
const fakes = {
  setTimeout: never,
  setInterval: never,
  setImmediate: never,
  queueMicrotask: never,
  requestAnimationFrame: never,
};
Object.assign(globalThis, fakes);
Object.assign(require('node:timers'), {
  setTimeout: never,
  setInterval: never,
  setImmediate: never,
});
Object.defineProperty(globalThis, 'performance', { value: { now: () => 0 } });
Date.now = () => 0;
process.nextTick = never;

const { createTestCache } =
  require('../../lib/testing.js') as typeof import('../../lib/testing.js');

async function main(): Promise<void> {
  const cache = createTestCache({ ttl: '5m' });
  const said: unknown[] = [await cache.set('a', 1), await cache.get('a')];
  await cache.advance('6m');
  said.push(await cache.get('a'), await cache.getOrSet('b', async () => 2));
  await cache.breakRedis('hang', { untilNoticed: false });
  said.push(await cache.get('b'), await cache.getMany(['b', 'c']).then((found) => found.size));
  await cache.breakRedis('kill');
  said.push(cache.status().mode, await cache.delete('b'));
  await cache.restoreRedis();
  said.push(cache.status().mode, (await cache.get('b')) === undefined);
  writeSync(1, JSON.stringify(said));
}

void main();
