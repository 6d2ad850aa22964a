// Everything that is compared, by name.

import { byHand } from './by-hand.js';
import { asText, asValue, bare, NO_TIMER, naive, TUNED } from './node-redis.js';
import { ours, oursInCluster, oursInMemory, oursPerRequest } from './ours.js';
import {
  asyncCacheDedupe,
  bareIoredis,
  bento,
  cacheable,
  cacheManager,
  lru,
  lruParsed,
} from './peers.js';
import type { Context, Subject } from './subject.js';

const MEMORY = { layers: ['memory'] } as const;
const REDIS = { layers: ['redis'] } as const;
const BOTH = { layers: ['memory', 'redis'] } as const;
const TUNED_REDIS = { ...REDIS, isTuned: true };
const TUNED_BOTH = { ...BOTH, isTuned: true };

export const SUBJECTS: Readonly<Record<string, (context: Context) => Promise<Subject>>> = {
  ours: (c) => ours(c),
  'ours (get)': (c) => ours(c).then(reading),
  'ours (1000)': (c) => ours(c, { memory: { max: 1_000 } }),
  'ours (per request)': oursPerRequest,
  'ours (near)': (c) => ours(c, { near: true, memory: { max: c.memoryMax } }),
  'ours (near, frozen)': (c) =>
    ours(c, { near: true, memory: { max: c.memoryMax, share: 'frozen' } }),
  'ours (cluster)': oursInCluster,
  'ours-memory': (c) => oursInMemory(c),
  'ours-memory (frozen)': (c) => oursInMemory(c, { share: 'frozen' }),
  'ours-memory (get)': (c) => oursInMemory(c).then(reading),
  'node-redis get': (c) => bare(c, {}, asText),
  'node-redis get+parse': (c) => bare(c, {}, asValue),
  'node-redis get, no timer': (c) => bare(c, NO_TIMER, asText),
  'node-redis get+parse, no timer': (c) => bare(c, NO_TIMER, asValue),
  'ioredis get': bareIoredis,
  'RESP by hand, parsed': byHand,
  naive: (c) => naive(c, {}),
  'naive-tuned': (c) => naive(c, TUNED, { isAwaited: false }),
  'naive-race': (c) => naive(c, TUNED, { isAwaited: false, isRaced: true }),
  'bento-memory': (c) => bento(c, MEMORY),
  'bento-l2': (c) => bento(c, REDIS),
  'bento-l2-tuned': (c) => bento(c, TUNED_REDIS),
  bento: (c) => bento(c, BOTH),
  'bento-tuned': (c) => bento(c, TUNED_BOTH),
  'bento-tuned + bus': (c) => bento(c, { ...TUNED_BOTH, hasBus: true }),
  'cacheable-memory': (c) => cacheable(c, MEMORY),
  cacheable: (c) => cacheable(c, BOTH),
  'cacheable-tuned': (c) => cacheable(c, TUNED_BOTH),
  'cache-manager-memory': (c) => cacheManager(c, MEMORY),
  'cache-manager': (c) => cacheManager(c, BOTH),
  'cache-manager-tuned': (c) => cacheManager(c, TUNED_BOTH),
  'async-cache-dedupe-memory': (c) => asyncCacheDedupe(c, MEMORY),
  'async-cache-dedupe': (c) => asyncCacheDedupe(c, REDIS),
  'async-cache-dedupe-tuned': (c) => asyncCacheDedupe(c, TUNED_REDIS),
  'lru-cache': (c) => lru(c, false),
  'lru-cache (awaited)': (c) => lru(c, true),
  'lru-cache + JSON.parse': lruParsed,
};

/** A subject whose `fetch` only reads. */
function reading(subject: Subject & Required<Pick<Subject, 'get'>>): Subject {
  return { ...subject, fetch: subject.get };
}

export function createSubject(name: string, context: Context): Promise<Subject> {
  const create = SUBJECTS[name];
  if (create === undefined) {
    throw new Error(`No subject '${name}': ${Object.keys(SUBJECTS).join(', ')}`);
  }
  return create(context);
}
