/* One process of the measurement: writes, reads, or watches the generation, until its parent says stop. */
import type { CacheHandle } from '../../../lib/cache/cache.js';
import { createCache } from '../../../lib/cache/create-cache.js';
import { systemClock } from '../../../lib/core/time/clock.js';
import { parseRedis } from '../../../lib/redis/redis-options.js';
import { SingleRemote } from '../../../lib/redis/single.js';
import { RecordingListener } from '../../redis/recording-listener.js';

export const MAX_STALE_MS = 250;

/** Milliseconds of the clock that all processes of a machine share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What a process has seen: of the reader `[key, number, when, near]`, of the writer `[key, number, acknowledged]`. */
export type Seen = readonly (readonly number[])[];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let isOver = false;

async function ready(cache: CacheHandle): Promise<void> {
  while (cache.status().mode !== 'normal') await pause(5);
  process.send?.({ isReady: true });
}

async function write(redis: string, keys: readonly string[]): Promise<Seen> {
  const cache = createCache({ redis, logger: false });
  const seen: number[][] = [];
  await ready(cache);
  for (let n = 1; !isOver; n++) {
    for (const [i, key] of keys.entries()) {
      const result = await cache.set(key, n);
      if (result === 'applied') seen.push([i, n, sharedNow()]);
      await pause(1);
    }
  }
  await cache.close();
  return seen;
}

async function read(redis: string, keys: readonly string[]): Promise<Seen> {
  const cache = createCache({ redis, logger: false, near: { maxStale: MAX_STALE_MS } });
  const seen: number[][] = [];
  const tiers = new Map<string, unknown>();
  cache.on('lookup', ({ key, tier }) => tiers.set(key, tier));
  await ready(cache);
  // Each key has a loop of its own, so that one that waits for Redis holds up no other.
  const reading = keys.map(async (key, i) => {
    while (!isOver) {
      const at = sharedNow();
      const value = await cache.get<number>(key);
      seen.push([i, value ?? 0, at, tiers.get(key) === 'near' ? 1 : 0]);
      await turn();
    }
  });
  await Promise.all(reading);
  await cache.close();
  return seen;
}

/** Says when it notices each new generation. */
async function watch(redis: string): Promise<Seen> {
  const { source } = parseRedis(redis);
  if (source === undefined || source.kind === 'cluster') throw new Error('no Redis');
  const options = { prefix: 'cache:', commandTimeoutMs: 1_000, maxValueBytes: 1e6 };
  const remote = new SingleRemote({ ...options, source, clock: systemClock });
  remote.start(new RecordingListener());
  const [door] = remote.doors;
  let known = '';
  while (!isOver) {
    const generation = door?.generation ?? '';
    if (generation !== known) process.send?.({ generation, at: sharedNow() });
    known = generation;
    await turn();
  }
  remote.close();
  return [];
}

async function main([role, redis = '', list = '']: readonly string[]): Promise<void> {
  process.on('message', () => {
    isOver = true;
  });
  const keys = list.split(',');
  const seen = await (role === 'write'
    ? write(redis, keys)
    : role === 'read'
      ? read(redis, keys)
      : watch(redis));
  process.send?.({ seen }, () => process.exit(0));
}

if (require.main === module) void main(process.argv.slice(2));
