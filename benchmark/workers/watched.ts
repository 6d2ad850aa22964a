// Two caches in one process, one of which observes: what the same hits cost each, in processor time.

import type { Cache } from '../../lib/index.js';
import { serve } from '../lib/rpc.js';
import { library } from '../subjects/ours.js';

export interface Hits {
  readonly call: 'get' | 'getOrSet';
  /** Callers at once. */
  readonly lanes: number;
  /** In each turn. */
  readonly hits: number;
  /** Turns of each cache. */
  readonly turns: number;
  /** What the keys begin with. */
  readonly group: Group;
}

/** `new:` has no audits when the measurement begins. */
export type Group = 'product:' | 'new:';

/** Nanoseconds of processor time for a hit, by turn. */
export interface Turns {
  readonly off: number[];
  readonly observing: number[];
}

interface Opened {
  readonly port?: number;
  readonly isSwapped: boolean;
}

const KEYS = 32;
const OBSERVED = { observe: ['product:', 'new:'] };

let off: Cache;
let observing: Cache;

const load = (): object => ({ id: 7, name: 'a product' });

async function lane(cache: Cache, first: number, order: Hits): Promise<void> {
  const { call, hits, group, lanes } = order;
  for (let i = first; i < hits; i += lanes) {
    const key = `${group}${i % KEYS}`;
    if (call === 'get') await cache.get(key);
    else await cache.getOrSet(key, load);
  }
}

async function turn(cache: Cache, order: Hits): Promise<number> {
  const before = process.cpuUsage();
  const { lanes, hits } = order;
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(cache, first, order)));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / hits;
}

const operations = {
  /** `port`: of Redis; absent: memory alone. `isSwapped`: the cache that observes is made first, and warmed first. */
  async open({ port, isSwapped }: Opened): Promise<void> {
    const { createCache } = await library();
    const redis = port === undefined ? (false as const) : `redis://127.0.0.1:${port}`;
    const shared = { redis, prefix: `${process.pid}:`, ttl: '1h', logger: false } as const;
    const make = (isObserving: boolean): Cache => {
      return createCache(isObserving ? { ...shared, freshness: OBSERVED } : shared);
    };
    const [first, second] = [make(isSwapped), make(!isSwapped)];
    [off, observing] = isSwapped ? [second, first] : [first, second];
    for (let i = 0; i < KEYS; i++) {
      for (const group of ['product:', 'new:']) {
        for (const cache of [first, second]) await cache.getOrSet(`${group}${i}`, load);
      }
    }
  },
  /** Short turns, so that whatever else the machine does slows both. The first of two has another cache each time. */
  async hits(order: Hits): Promise<Turns> {
    const found: Turns = { off: [], observing: [] };
    for (let i = 0; i < order.turns; i++) {
      if (i % 2 === 0) found.off.push(await turn(off, order));
      found.observing.push(await turn(observing, order));
      if (i % 2 === 1) found.off.push(await turn(off, order));
    }
    return found;
  },
};

export type WatchedOperations = typeof operations;
serve(operations);
