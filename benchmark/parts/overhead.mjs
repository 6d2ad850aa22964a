// What it costs to have it: bytes for an entry in memory, time of the middleware, health endpoints under fire.

import { RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, spread, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';
import { shuffled, summarise } from '../lib/stats.mjs';

const ENTRIES = 10_000;
const HOLDERS = [
  'lru-cache',
  'ours-memory',
  'bento-memory',
  'cacheable-memory',
  'cache-manager-memory',
  'async-cache-dedupe-memory',
];

/** Name, kind of application, path. */
const ROUTES = [
  ['bare res.end()', 'bare', '/'],
  ['with the middleware', 'middleware', '/'],
  ['/health', 'health', '/health'],
  ['/health/live', 'health', '/health/live'],
];

/** @param {{ quick: boolean, only?: string[], rounds?: number }} options */
export async function overhead(options) {
  const repeat = options.rounds ?? (options.quick ? 1 : 5);
  const entries = await entryBytes(Math.min(3, repeat), options.only);
  const http = await requests({ repeat, ms: options.quick ? 200 : 600 });
  return { parts: { entries, http }, pictures: [], bars: { entries, http } };
}

async function entryBytes(repeat, only) {
  const samples = new Map();
  for (let round = 0; round < repeat; round++) {
    for (const name of shuffled(HOLDERS.filter((one) => !only || only.includes(one)))) {
      progress(`overhead: bytes of an entry, ${name}`);
      // A process each time: what another left on the heap is not counted.
      const worker = startWorker('hot.mjs', { execArgv: ['--expose-gc'] });
      try {
        await worker.call('open', { name, port: 0, memoryMax: ENTRIES });
        const { bytes } = await worker.call('heap', { count: ENTRIES, size: 200 });
        samples.set(name, [...(samples.get(name) ?? []), bytes]);
      } catch (error) {
        say(`(${name}: ${error.message.split('\n')[0]})`);
        samples.set(name, [...(samples.get(name) ?? []), Number.POSITIVE_INFINITY]);
      } finally {
        await worker.stop();
      }
    }
  }
  const results = [...samples].map(([name, list]) => ({ name, bytes: summarise(list) }));
  say(`\n### Bytes of an entry: ${ENTRIES} values of 200 B in memory\n`);
  table(
    ['subject', 'bytes'],
    results.map(({ name, bytes }) => [name, spread(bytes)]),
  );
  return results;
}

async function requests({ repeat, ms }) {
  const redis = await RedisServer.start();
  const load = startWorker('http-load.mjs');
  const apps = new Map();
  try {
    const routes = [];
    for (const [name, kind, path] of ROUTES) {
      const port = await portOf(apps, kind, redis.port);
      if (port !== undefined) routes.push({ name, port, path });
    }
    const { worker } = apps.get('middleware');
    await middlewareTime(worker, redis.port, repeat);
    return await measure(routes, load, repeat, ms);
  } finally {
    await Promise.all(
      [load, ...[...apps.values()].map((one) => one.worker)].map((one) => one.stop()),
    );
    await redis.close();
  }
}

async function portOf(apps, kind, redisPort) {
  if (!apps.has(kind)) {
    const worker = startWorker('http.mjs');
    const port = await worker.call('start', { kind, port: redisPort }).catch((error) => {
      say(`(${kind}: ${error.message.split('\n')[0]})`);
    });
    apps.set(kind, { worker, port });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return apps.get(kind).port;
}

async function middlewareTime(worker, port, repeat) {
  const samples = [];
  for (let round = 0; round <= repeat; round++) {
    samples.push(await worker.call('middlewareNs', { port, ms: 100 }));
  }
  say('\n### The middleware\n');
  table(
    ['what', 'ns a request'],
    [['cacheMiddleware() alone', spread(summarise(samples.slice(1)))]],
  );
}

async function measure(routes, load, repeat, ms) {
  const samples = new Map(routes.map(({ name }) => [name, []]));
  for (let round = 0; round <= repeat; round++) {
    progress(`overhead: requests, round ${round} of ${repeat}`);
    for (const { name, port, path } of shuffled(routes)) {
      const perSecond = await load.call('run', { port, path, connections: 32, ms });
      if (round > 0) samples.get(name).push(perSecond);
    }
  }
  const base = samples.get(ROUTES[0][0]);
  const results = [...samples].map(([name, list]) => ({
    name,
    perSecond: summarise(list),
    ratio: summarise(list.map((rate, i) => rate / base[i])),
    addedNs: summarise(list.map((rate, i) => 1e9 / rate - 1e9 / base[i])),
  }));
  say('\n### Requests\n');
  const rows = results.map(({ name, perSecond, ratio, addedNs }) => [
    name,
    spread(perSecond),
    spread(ratio),
    figure(addedNs.median),
  ]);
  table(['route', 'a second', '÷ bare res.end()', 'ns more a request'], rows);
  return results;
}
