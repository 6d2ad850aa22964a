// A cache that counts, or one whose observer counts nothing, in a process of its own.

import { setImmediate as turn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { buildCache, buildRemote } from '../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import { systemClock } from '../../lib/core/time/clock.js';
import { collectCacheMetrics } from '../../lib/prometheus.js';
import type { Observer } from '../../lib/tiers/observer.js';
import { serve } from '../lib/rpc.js';
import { productOf } from '../lib/values.js';

export interface Opening {
  /** Whether the observer counts. */
  readonly counts: boolean;
  /** Of a Redis; 0: memory alone. */
  readonly port: number;
}

const KEYS = Array.from({ length: 64 }, (_, i) => `product:${i}`);
/** Callers at once, of a Redis. */
const LANES = 64;
const HITS = 1_000_000;

let cache: CacheHandle;

/** Events that change how the cache works pass; what only counts ends here. */
function countingNothing(observer: Observer): Observer {
  const nothing = (): void => {};
  return {
    looked: nothing,
    stored: nothing,
    removed: nothing,
    failed: nothing,
    attempted: nothing,
    replayed: nothing,
    evicted: nothing,
    coalesced: nothing,
    loaded: nothing,
    loading: nothing,
    loadFailed: nothing,
    journalOverflowed: nothing,
    dataLost: nothing,
    valueTooLarge: nothing,
    nearChecked: nothing,
    doorChanged: (state, previous) => observer.doorChanged(state, previous),
  };
}

async function open({ counts, port }: Opening): Promise<void> {
  const redis = port === 0 ? (false as const) : `redis://127.0.0.1:${port}`;
  const config = parseCacheOptions({ redis, prefix: `${process.pid}:`, logger: false });
  const remote = buildRemote(config, systemClock);
  if (!counts) remote.commandTimes.observe = () => {};
  const watch = (observer: Observer): Observer => (counts ? observer : countingNothing(observer));
  cache = buildCache(config, { clock: systemClock, remote, watch });
  for (const [id, key] of KEYS.entries()) await cache.set(key, productOf(id, 200), { ttl: '1h' });
  while (port !== 0 && cache.status().mode !== 'normal') await turn();
  for (const [id, key] of KEYS.entries()) await cache.set(key, productOf(id, 200), { ttl: '1h' });
}

async function hit(n: number): Promise<void> {
  const value = await cache.get(KEYS[n % KEYS.length] as string);
  if (value === undefined) throw new Error('a value is missing');
}

/** Nanoseconds of processor a hit, in memory: one caller. */
function memory({ hits }: { readonly hits: number }): Promise<number> {
  return cpuNs(hits, async () => {
    for (let n = 0; n < hits; n++) await hit(n);
  });
}

/** Nanoseconds of processor a hit, in Redis: many callers. */
function redis({ hits }: { readonly hits: number }): Promise<number> {
  const lane = async (first: number): Promise<void> => {
    for (let n = first; n < hits; n += LANES) await hit(n);
  };
  return cpuNs(hits, async () => {
    await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  });
}

/** Of the processor, because other programs use it as well. */
async function cpuNs(hits: number, task: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / hits) * 1_000;
}

/** Milliseconds of each scrape, after a million hits. */
async function scrapes({ count }: { readonly count: number }): Promise<number[]> {
  for (let n = 0; n < HITS; n++) await hit(n);
  const register = new Registry();
  collectCacheMetrics({ cache, register });
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    const text = await register.metrics();
    samples.push(performance.now() - startedAt);
    const said = /^express_cache_lookups_total\{.*memory.*hit"\} (\d+)$/m.exec(text)?.[1];
    if (Number(said) < HITS) throw new Error(`the scrape says ${said} hits`);
    await turn();
  }
  return samples;
}

const operations = { open, memory, redis, scrapes };
export type ObservedOperations = typeof operations;

serve(operations);
