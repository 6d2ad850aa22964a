// The table of the mission: how long a request takes with Redis, without it, and with the database alone, and how soon
// /health tells.

import { atMost, type BarLine, judge } from '../../lib/bars.js';
import type { Options, Result } from '../../lib/part.js';
import { startRedis } from '../../lib/redis.js';
import { figure, progress, say, table } from '../../lib/report.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { type Percentiles, percentiles, type Summary, summarise, worst } from '../../lib/stats.js';
import { now, sleep } from '../../lib/time.js';
import type { MissionOperations } from '../../workers/mission.js';

/** Fewer keys than memory holds by default. */
const KEYS = 40;
const LOOK_MS = 5;
const LONGEST_MS = 10_000;

type Fault = 'killed' | 'frozen' | 'frozen, no traffic';
const FAULTS: readonly Fault[] = ['killed', 'frozen', 'frozen, no traffic'];

interface Figures {
  readonly up: Percentiles;
  readonly down: Percentiles;
  readonly alone: Percentiles;
  readonly toldMs: Readonly<Record<Fault, Summary>>;
}

export async function mission(options: Options): Promise<Result> {
  const repeat = options.repeat ?? (options.quick ? 1 : 5);
  const { up, down } = await cached(options.quick ? 400 : 2_000);
  const alone = await databaseAlone();
  const toldMs = {} as Record<Fault, Summary>;
  for (const fault of FAULTS) toldMs[fault] = await tellings(fault, repeat);
  const figures = { up, down, alone, toldMs };
  print(figures);
  return { figures, lines: bars(figures) };
}

/** Runs `use` with an application and its Redis. */
async function withApp<T>(
  isCached: boolean,
  use: (url: string, redis: Awaited<ReturnType<typeof startRedis>>) => Promise<T>,
): Promise<T> {
  const redis = await startRedis();
  const app: Worker<MissionOperations> = startWorker<MissionOperations>('mission');
  try {
    const port = await app.call('start', { redisPort: redis.port, isCached });
    return await use(`http://127.0.0.1:${port}`, redis);
  } finally {
    await app.stop();
    await redis.stop();
  }
}

function cached(requests: number): Promise<Pick<Figures, 'up' | 'down'>> {
  return withApp(true, async (url, redis) => {
    progress('mission: with Redis, and without it');
    await untilHealthSays(url, 'ok');
    await Promise.all(Array.from({ length: KEYS }, (_, id) => get(`${url}/product/${id}`)));
    await ask(url, 100);
    const up = await ask(url, requests);
    await redis.kill();
    await untilHealthSays(url, 'degraded');
    return { up, down: await ask(url, requests) };
  });
}

function databaseAlone(): Promise<Percentiles> {
  progress('mission: the database alone');
  return withApp(false, async (url) => ask(url, 12));
}

/** One request after the other; milliseconds. */
async function ask(url: string, requests: number): Promise<Percentiles> {
  const took: number[] = [];
  for (let i = 0; i < requests; i++) {
    const startedAt = now();
    await get(`${url}/product/${i % KEYS}`);
    took.push(now() - startedAt);
  }
  return percentiles(took);
}

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return text;
}

async function untilHealthSays(url: string, status: string): Promise<number> {
  const startedAt = now();
  for (;;) {
    const report = JSON.parse(await get(`${url}/health`)) as { readonly status: string };
    if (report.status === status) return now() - startedAt;
    if (now() - startedAt > LONGEST_MS) throw new Error(`/health does not say ${status}`);
    await sleep(LOOK_MS);
  }
}

async function tellings(fault: Fault, repeat: number): Promise<Summary> {
  const took: number[] = [];
  for (let i = 0; i < repeat; i++) {
    progress(`mission: until /health tells, ${fault}, ${i + 1} of ${repeat}`);
    took.push(await withApp(true, (url, redis) => telling(fault, url, redis)));
  }
  return summarise(took);
}

async function telling(
  fault: Fault,
  url: string,
  redis: Awaited<ReturnType<typeof startRedis>>,
): Promise<number> {
  await untilHealthSays(url, 'ok');
  await get(`${url}/product/1`);
  let isOver = false;
  const visits: Promise<unknown>[] = [];
  if (fault === 'killed') await redis.kill();
  else redis.hang();
  const visiting = fault === 'frozen, no traffic' ? Promise.resolve() : visit();
  try {
    return await untilHealthSays(url, 'degraded');
  } finally {
    isOver = true;
    await visiting;
    await Promise.all(visits);
    if (fault !== 'killed') redis.thaw();
  }

  /** A hundred requests a second. */
  async function visit(): Promise<void> {
    for (let i = 0; !isOver; i++) {
      visits.push(get(`${url}/product/${i % KEYS}`).catch(() => {}));
      await sleep(10);
    }
  }
}

function print({ up, down, alone, toldMs }: Figures): void {
  say('\n### A request, one at a time; the database takes 500 ms\n');
  const row = (what: string, { p50, p99, max }: Percentiles, claimed: string): string[] => [
    ...[what, figure(p50), figure(p99), figure(max), claimed],
  ];
  table(
    ['', 'median ms', 'p99 ms', 'slowest ms', 'claimed ms'],
    [
      row('Redis serves', up, '50'),
      row('Redis is away, memory serves', down, '100'),
      row('the database alone', alone, '500'),
    ],
  );
  say('\n### Until /health says degraded\n');
  table(
    ['Redis is', 'median ms', 'longest ms'],
    FAULTS.map((fault) => [fault, figure(toldMs[fault].median), figure(toldMs[fault].max)]),
  );
}

function bars({ up, down, toldMs }: Figures): BarLine[] {
  const of = ({ p99 }: Percentiles): Summary => summarise([p99]);
  return [
    judge('a request with Redis, p99', atMost(50, ' ms'), of(up)),
    judge('a request without Redis, p99', atMost(100, ' ms'), of(down)),
    judge('/health tells: Redis killed', atMost(100, ' ms'), toldMs.killed),
    judge('/health tells: frozen, with traffic', atMost(300, ' ms'), toldMs.frozen),
    judge(
      '/health tells: frozen, no traffic, the longest',
      atMost(1_000, ' ms'),
      worst([toldMs['frozen, no traffic'].max], 'high'),
    ),
  ];
}
