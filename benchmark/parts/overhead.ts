// What it costs to have it: bytes for an entry in memory, time of the middleware, health endpoints under fire.

import { atLeast, atMost, type BarLine, judge } from '../lib/bars.js';
import { type Options, type Result, wanted } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, firstLine, progress, say, spread, table } from '../lib/report.js';
import { interleaved, type Plan } from '../lib/rounds.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { type Summary, shuffled, summarise } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import type { HotOperations } from '../workers/hot.js';
import type { HttpOperations, Kind } from '../workers/http.js';
import type { HttpLoadOperations } from '../workers/http-load.js';

/** So many that code which is compiled in the meantime, and fixed costs, do not show. */
const ENTRIES = 50_000;
const HOLDERS = [
  ...['lru-cache', 'ours-memory', 'bento-memory', 'cacheable-memory', 'cache-manager-memory'],
  'async-cache-dedupe-memory',
];

const BARE = 'bare res.end()';

interface Route {
  readonly name: string;
  readonly kind: Kind;
  readonly path: string;
}

const ROUTES: readonly Route[] = [
  { name: BARE, kind: 'bare', path: '/' },
  { name: 'with the middleware', kind: 'middleware', path: '/' },
  { name: '/health', kind: 'health', path: '/health' },
  { name: '/health/live', kind: 'health', path: '/health/live' },
];

interface EntryFigures {
  readonly name: string;
  readonly bytes: Summary;
}

interface RouteFigures {
  readonly name: string;
  readonly perSecond: Summary;
  readonly ratio: Summary;
  readonly addedNs: Summary;
}

export async function overhead(options: Options): Promise<Result> {
  const rounds = options.repeat ?? (options.quick ? 1 : 5);
  const entries = await entryBytes(wanted(HOLDERS, options), Math.min(3, rounds));
  const http = await requests({ rounds, ms: options.quick ? 200 : 600 });
  return { figures: { entries, http }, lines: bars(entries, http) };
}

async function entryBytes(names: readonly string[], rounds: number): Promise<EntryFigures[]> {
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) {
      progress(`overhead: bytes of an entry, ${name}`);
      samples.get(name)?.push(await bytesOf(name));
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

/** In a process of its own: what another subject left on the heap is not counted. */
async function bytesOf(name: string): Promise<number> {
  const worker = startWorker<HotOperations>('hot', { execArgv: ['--expose-gc'] });
  try {
    await worker.call('open', { name, port: 0, memoryMax: ENTRIES });
    return await worker.call('heap', { count: ENTRIES, size: 200 });
  } catch (error) {
    say(`(${name}: ${firstLine(error)})`);
    return Number.POSITIVE_INFINITY;
  } finally {
    await worker.stop();
  }
}

interface App {
  readonly worker: Worker<HttpOperations>;
  /** None where the application does not start. */
  readonly port: number | undefined;
}

async function requests(plan: Plan): Promise<RouteFigures[]> {
  const redis = await startRedis();
  const load = startWorker<HttpLoadOperations>('http-load');
  const apps = new Map<Kind, App>();
  try {
    for (const { kind } of ROUTES) {
      if (!apps.has(kind)) apps.set(kind, await startApp(kind, redis.port));
    }
    const { worker } = apps.get('middleware') as App;
    await middlewareTime(worker, redis.port, plan.rounds);
    return await measure(apps, load, plan);
  } finally {
    const workers = [load, ...[...apps.values()].map((one) => one.worker)];
    await Promise.all(workers.map((one) => one.stop()));
    await redis.stop();
  }
}

async function startApp(kind: Kind, redisPort: number): Promise<App> {
  const worker = startWorker<HttpOperations>('http');
  const port = await worker.call('start', { kind, port: redisPort }).catch((error) => {
    say(`(${kind}: ${firstLine(error)})`);
    return undefined;
  });
  await sleep(300);
  return { worker, port };
}

async function middlewareTime(
  worker: Worker<HttpOperations>,
  port: number,
  rounds: number,
): Promise<void> {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    samples.push(await worker.call('middlewareNs', { port, ms: 100 }));
  }
  say('\n### The middleware\n');
  table(
    ['what', 'ns a request'],
    [['cacheMiddleware() alone', spread(summarise(samples.slice(1)))]],
  );
}

async function measure(
  apps: ReadonlyMap<Kind, App>,
  load: Worker<HttpLoadOperations>,
  { rounds, ms }: Plan,
): Promise<RouteFigures[]> {
  const able = ROUTES.filter(({ kind }) => apps.get(kind)?.port !== undefined);
  const names = able.map(({ name }) => name);
  const samples = await interleaved('overhead: requests', names, rounds, (name) => {
    const { kind, path } = able.find((route) => route.name === name) as Route;
    const port = apps.get(kind)?.port as number;
    return load.call('run', { port, path, connections: 32, ms });
  });
  const base = samples.get(BARE) ?? [];
  const bare = (i: number): number => base[i] ?? Number.NaN;
  const results = [...samples].map(([name, list]) => ({
    name,
    perSecond: summarise(list),
    ratio: summarise(list.map((rate, i) => rate / bare(i))),
    addedNs: summarise(list.map((rate, i) => 1e9 / rate - 1e9 / bare(i))),
  }));
  print(results);
  return results;
}

function print(results: readonly RouteFigures[]): void {
  say('\n### Requests\n');
  const rows = results.map(({ name, perSecond, ratio, addedNs }) => [
    ...[name, spread(perSecond), spread(ratio), figure(addedNs.median)],
  ]);
  table(['route', 'a second', '÷ bare res.end()', 'ns more a request'], rows);
}

function bars(entries: readonly EntryFigures[], http: readonly RouteFigures[]): BarLine[] {
  const own = entries.find((one) => one.name === 'ours-memory');
  const health = http.find((one) => one.name === '/health')?.ratio;
  const bytes = 'bytes of an entry in memory, 200 B';
  return [
    ...(own ? [judge(bytes, atMost(410, ' B'), own.bytes)] : []),
    judge('/health, requests a second ÷ a bare res.end()', atLeast(0.5), health),
  ];
}
