// A deploy: what a new process finds in its first requests, with warming and without.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Cache, CacheOptions } from '../../lib/index.js';
import type { RedisServer } from '../../test/support/redis-server.js';
import { until } from '../../test/support/wait.js';
import { atLeast, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { progress, say, tableText } from '../lib/report.js';
import { summarise } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import { library } from '../subjects/ours.js';
import { hitRatioByForesight } from './foresight.js';

const FIRST = 1_000;
/** Requests that the old process serves. */
const BEFORE = 20_000;
/** The deploys, as places in the trace. */
const DEPLOYS = [20_000, 40_000, 60_000, 80_000];
const LIST_WRITTEN_MS = 31_000;
const MEMORY = { max: 500, outageTtl: '5m' } as const;
const FIRST_BAR = 0.15;
const KILLED_SHARE = 0.9;

interface Ratios {
  readonly cold: number;
  readonly warm: number;
}

type Trace = readonly string[];

export async function warm(_options: Options): Promise<Result> {
  const trace = readTrace();
  const redis = await startRedis();
  try {
    progress('warm: the old processes serve');
    await Promise.all(DEPLOYS.map((at) => serveBefore(redis, trace, at)));
    progress('warm: new processes, whose Redis has the list and no values');
    const loaders = await eachDeploy((at) => firstWithLoaders(redis, trace, at));
    progress('warm: new processes, whose Redis is killed when they are ready');
    const lists = await eachDeploy((at) => hotKeys(redis, at));
    const killed = await firstAfterKill(redis, trace);
    const foresight = killed.map(({ cold }, i) => {
      const at = DEPLOYS[i] as number;
      const requests = trace.slice(at, at + FIRST);
      return { cold, warm: hitRatioByForesight(requests, lists[i] ?? [], MEMORY.max) };
    });
    return report({ loaders, killed, foresight });
  } finally {
    await redis.stop();
  }
}

function readTrace(): Trace {
  const file = join('benchmark/data', 'requests-web12.txt.gz');
  return gunzipSync(readFileSync(file)).toString().trim().split('\n');
}

async function newCache(redis: RedisServer, options: CacheOptions): Promise<Cache> {
  const { createCache } = await library();
  const shared = { redis: redis.url, memory: MEMORY, ttl: '1h', logger: false } as const;
  return createCache({ ...shared, ...options });
}

/** Leaves a list of hot keys, and values. */
async function serveBefore(redis: RedisServer, trace: Trace, at: number): Promise<void> {
  const cache = await newCache(redis, { prefix: `d${at}:`, warm: true });
  await hitRatio(cache, trace.slice(at - BEFORE, at));
  await sleep(LIST_WRITTEN_MS);
  await cache.close();
}

/** The share of requests that ran no loader. */
async function hitRatio(cache: Cache, requests: Trace): Promise<number> {
  let loads = 0;
  for (const id of requests) {
    await cache.getOrSet(`object:${id}`, () => {
      loads++;
      return `value of ${id}`;
    });
  }
  return 1 - loads / requests.length;
}

/** The ids on the list of a deploy, hottest first. */
async function hotKeys(redis: RedisServer, at: number): Promise<readonly string[]> {
  const list = JSON.parse(await hotList(redis, at)) as { keys: [key: string, count: number][] };
  return list.keys.map(([key]) => key.slice('object:'.length));
}

async function hotList(redis: RedisServer, at: number): Promise<string> {
  return String(await redis.command('GET', `d${at}:__ech:{ech}:hot`));
}

async function eachDeploy<T>(measure: (at: number) => Promise<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for (const at of DEPLOYS) found.push(await measure(at));
  return found;
}

/** Redis has lost the values, and `warm.loaders` loads them. */
async function firstWithLoaders(redis: RedisServer, trace: Trace, at: number): Promise<Ratios> {
  const requests = trace.slice(at, at + FIRST);
  const list = await hotList(redis, at);
  const cold = await newCache(redis, { prefix: `cold${at}:` });
  const coldRatio = await hitRatio(cold, requests);
  await redis.command('SET', `warm${at}:__ech:{ech}:hot`, list);
  const loaders = { 'object:': (id: string) => `value of ${id}` };
  const warmed = await newCache(redis, { prefix: `warm${at}:`, warm: { loaders } });
  await untilReady(warmed);
  const warmRatio = await hitRatio(warmed, requests);
  await Promise.all([cold.close(), warmed.close()]);
  return { cold: coldRatio, warm: warmRatio };
}

/** Redis has the values, and is killed when the new process is ready. */
async function firstAfterKill(redis: RedisServer, trace: Trace): Promise<readonly Ratios[]> {
  const open = (warming: boolean): Promise<Cache[]> =>
    Promise.all(DEPLOYS.map((at) => newCache(redis, { prefix: `d${at}:`, warm: warming })));
  const [colds, warms] = [await open(false), await open(true)];
  await Promise.all([...colds, ...warms].map(untilReady));
  await redis.kill();
  const all = [...colds, ...warms];
  await until(() => all.every((cache) => cache.status().mode === 'degraded'), 'it is noticed');
  const found: Ratios[] = [];
  for (const [i, at] of DEPLOYS.entries()) {
    const requests = trace.slice(at, at + FIRST);
    const cold = await hitRatio(colds[i] as Cache, requests);
    found.push({ cold, warm: await hitRatio(warms[i] as Cache, requests) });
  }
  await Promise.all(all.map((cache) => cache.close()));
  return found;
}

async function untilReady(cache: Cache): Promise<void> {
  const isReady = ({ mode, warming }: ReturnType<Cache['status']>): boolean =>
    mode === 'normal' && warming === undefined;
  await until(() => isReady(cache.status()), 'it is ready');
}

const gains = (all: readonly Ratios[]): number[] => all.map(({ cold, warm: hot }) => hot - cold);

interface Measured {
  readonly loaders: readonly Ratios[];
  readonly killed: readonly Ratios[];
  /** The same, if memory knew all later requests. */
  readonly foresight: readonly Ratios[];
}

function report({ loaders, killed, foresight }: Measured): Result {
  say(`\n### Hit ratio of the first ${FIRST} requests after a deploy, mean of ${DEPLOYS.length}\n`);
  const row = (name: string, all: readonly Ratios[]): string[] => [
    name,
    mean(all.map(({ cold }) => cold)).toFixed(3),
    mean(all.map(({ warm: hot }) => hot)).toFixed(3),
    `+${mean(gains(all)).toFixed(3)}`,
  ];
  const gain = tableText(
    ['', 'cold', 'warm', 'gain'],
    [
      row('values by loaders (Redis has none)', loaders),
      row('values from Redis, which is then killed', killed),
      row('… by a memory that knows the future', foresight),
    ],
  );
  say(`${gain}\n`);
  const shares = gains(killed).map((gain) => gain / mean(gains(loaders)));
  return {
    figures: { loaders, killed, foresight },
    texts: { gain },
    lines: [
      judge('warm start: hit ratio − cold', atLeast(FIRST_BAR, ''), summarise(gains(loaders))),
      judge('the same, Redis killed ÷ that', atLeast(KILLED_SHARE), summarise(shares)),
    ],
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
