/*
 * Measures the near cache, and prints the figures. No test: a busy machine decides them.
 *
 *     npm run test:near
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CacheHandle } from '../../../lib/cache/cache.js';
import { createCache } from '../../../lib/cache/create-cache.js';
import { systemClock } from '../../../lib/core/time/clock.js';
import { slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import { parseRedis } from '../../../lib/redis/redis-options.js';
import { SingleRemote } from '../../../lib/redis/single.js';
import { RecordingListener } from '../../redis/recording-listener.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { Cluster } from '../../support/many/cluster.js';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/wait.js';
import { type Seen, sharedNow } from './member.js';

const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

function member(role: string, redis: string, keys: readonly string[] = []): ChildProcess {
  return fork(join(__dirname, 'member.js'), [role, redis, keys.join(',')]);
}

async function stop(child: ChildProcess): Promise<Seen> {
  const seen = new Promise<Seen>((resolve) =>
    child.on('message', (message: { seen?: Seen }) => message.seen && resolve(message.seen)),
  );
  child.send('stop');
  const all = await seen;
  if (child.exitCode === null) await once(child, 'exit');
  return all;
}

/** How old near hits were: the time since the write that replaced what they gave was acknowledged. */
function agesOf(reads: Seen, writes: Seen): number[] {
  const acknowledged = new Map(writes.map(([key, n, at]) => [`${key} ${n}`, at as number]));
  return reads
    .filter(([, , , isNear]) => isNear === 1)
    .map(([key, n = 0, at = 0]) => {
      const replacedAt = acknowledged.get(`${key} ${n + 1}`) ?? at;
      return Math.max(0, at - replacedAt);
    })
    .sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2);

interface Stage {
  readonly name: string;
  readonly readUrl: string;
  readonly writeUrl: string;
  readonly keys?: readonly string[];
  fault(): Promise<void>;
}

async function stale({ name, readUrl, writeUrl, keys = KEYS, fault }: Stage): Promise<void> {
  const [writer, reader] = [member('write', writeUrl, keys), member('read', readUrl, keys)];
  await Promise.all([writer, reader].map((child) => once(child, 'message')));
  await pause(1_000);
  await fault();
  await pause(500);
  const reads = await stop(reader);
  const ages = agesOf(reads, await stop(writer));
  console.log(
    `${name}: ${reads.length} reads, ${ages.length} near; ms old: p50 ${at(ages, 0.5)}, p99.9 ${at(ages, 0.999)}, max ${at(ages, 1)}`,
  );
}

async function faults(): Promise<void> {
  const redis = await RedisServer.start({ args: ['--save', ''] });
  const proxy = await FaultProxy.start(redis.port);
  const [readUrl, writeUrl] = [`redis://127.0.0.1:${proxy.port}`, redis.url];
  const run = (name: string, fault: () => Promise<void>): Promise<void> =>
    stale({ name, readUrl, writeUrl, fault });
  await run('healthy', () => pause(3_000));
  await run('black hole', async () => {
    await proxy.blackhole();
    await pause(2_000);
    await proxy.pass();
  });
  await run('frozen', async () => {
    redis.hang();
    await pause(2_000);
    redis.thaw();
  });
  await run('killed', async () => {
    await redis.restart();
    await pause(2_000);
  });
  await run('full table', async () => {
    await redis.command('CONFIG', 'SET', 'tracking-table-max-keys', '5');
    await pause(2_000);
    await redis.command('CONFIG', 'SET', 'tracking-table-max-keys', '1000000');
  });
  await proxy.close();
  await redis.stop();
}

async function migration(): Promise<void> {
  const cluster = await Cluster.start({ replicas: 0 });
  const keys = cluster.keysOf(0, 10);
  const [from, to] = cluster.masters as [RedisServer, RedisServer];
  const move = async (): Promise<void> => {
    for (const key of keys) await cluster.move(slotOfKey(`cache:${key}`), from, to);
  };
  await stale({
    name: 'slots move',
    readUrl: cluster.url,
    writeUrl: cluster.url,
    keys,
    fault: move,
  });
  await cluster.stop();
}

async function opened(redis: string, near: boolean): Promise<CacheHandle> {
  const cache = createCache({ redis, near, logger: false, memory: { max: 1_000 } });
  await until(() => cache.status().mode === 'normal', 'Redis serves');
  return cache;
}

async function oneByOne(cache: CacheHandle, ms: number): Promise<number> {
  const began = performance.now();
  let count = 0;
  while (performance.now() < began + ms) {
    for (let i = 0; i < 20; i++) await cache.get('k0');
    count += 20;
  }
  return ((performance.now() - began) * 1_000) / count;
}

async function speed(redis: RedisServer): Promise<void> {
  const [near, plain] = [await opened(redis.url, true), await opened(redis.url, false)];
  await near.set('k0', { id: 1, name: 'a value' });
  for (const cache of [near, plain]) await oneByOne(cache, 300);
  const ratios: number[] = [];
  const times: [number, number][] = [];
  for (let i = 0; i < 8; i++) {
    const pair: [number, number] = [await oneByOne(near, 200), await oneByOne(plain, 200)];
    times.push(pair);
    ratios.push(pair[1] / pair[0]);
  }
  ratios.sort((a, b) => a - b);
  const middle = times.sort((a, b) => a[0] - b[0])[4] ?? [0, 0];
  console.log(
    `one at a time: near ${middle[0].toFixed(2)} µs, Redis ${middle[1].toFixed(1)} µs; ratio, 8 rounds: ${ratios.map((each) => each.toFixed(0)).join(' ')}`,
  );
  await Promise.all([near.close(), plain.close()]);
}

async function processorMicros(redis: RedisServer): Promise<number> {
  const info = String(await redis.command('INFO', 'cpu'));
  const of = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return (of('used_cpu_sys') + of('used_cpu_user')) * 1e6;
}

/** The server's time for one write while so many processes have its key near. */
async function cost(redis: RedisServer, processes: number): Promise<void> {
  const readers: CacheHandle[] = [];
  for (let i = 0; i < processes; i++) readers.push(await opened(redis.url, true));
  const writer = await opened(redis.url, false);
  let micros = 0;
  let writes = 0;
  for (let i = 0; i < 30; i++) {
    for (let n = 0; n < 4; n++) for (const cache of readers) await cache.getMany(KEYS);
    const before = await processorMicros(redis);
    for (const key of KEYS) await writer.set(key, i);
    micros += (await processorMicros(redis)) - before;
    writes += KEYS.length;
  }
  console.log(
    `processor time of Redis for a write, ${processes} told: ${(micros / writes).toFixed(0)} µs`,
  );
  await Promise.all([writer, ...readers].map((cache) => cache.close()));
}

async function news(redis: RedisServer): Promise<void> {
  const child = member('watch', redis.url);
  const noticed = new Map<string, number>();
  child.on('message', (message: { generation?: string; at?: number }) => {
    if (message.generation !== undefined) noticed.set(message.generation, message.at ?? 0);
  });
  const { source } = parseRedis(redis.url);
  if (source === undefined || source.kind === 'cluster') throw new Error('no Redis');
  const options = { prefix: 'cache:', commandTimeoutMs: 1_000, maxValueBytes: 1e6 };
  const remote = new SingleRemote({ ...options, source, clock: systemClock });
  remote.start(new RecordingListener());
  const [door] = remote.doors;
  if (door === undefined) throw new Error('no door');
  await until(() => door.state.name === 'closed' && noticed.has(door.generation), 'both serve');
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const generation = await door.bump();
    const bumpedAt = sharedNow();
    await until(() => noticed.has(String(generation)), 'it is noticed');
    times.push((noticed.get(String(generation)) ?? 0) - bumpedAt);
    await pause(20);
  }
  times.sort((a, b) => a - b);
  console.log(
    `a new generation in another process, ms after its acknowledgement: p50 ${at(times, 0.5)}, p99 ${at(times, 0.99)}, max ${at(times, 1)}`,
  );
  remote.close();
  await stop(child);
}

async function main(): Promise<void> {
  await faults();
  await migration();
  const redis = await RedisServer.start({ args: ['--save', ''] });
  await speed(redis);
  for (const processes of [0, 10, 50]) await cost(redis, processes);
  await news(redis);
  await redis.stop();
}

void main();
