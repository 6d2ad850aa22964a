// What is measured, of which subjects, and what comes of it.

import type { Summary } from '../../lib/stats.js';
import type { Slice } from '../../workers/hot.js';

export const BARE = 'node-redis get';
export const BARE_FAST = 'node-redis get+parse, no timer';

/** The limit of what JavaScript can do. */
export const BY_HAND = 'RESP by hand, parsed';

export const DRIVERS = [
  BARE,
  'node-redis get+parse',
  'node-redis get, no timer',
  BARE_FAST,
  BY_HAND,
  'ioredis get',
];

/** What the quick mode measures: the sides of the bars. */
export const QUICK = [BARE, BARE_FAST, BY_HAND, 'ours', 'ours (get)', 'naive'];
export const CACHES = [
  ...['ours', 'ours (get)', 'ours (per request)', 'naive', 'bento', 'bento-l2', 'cacheable'],
  ...['cacheable-tuned', 'cache-manager', 'cache-manager-tuned', 'async-cache-dedupe'],
];
export const MEMORY = [
  ...['lru-cache', 'lru-cache (awaited)', 'lru-cache + JSON.parse', 'ours-memory'],
  ...['ours-memory (get)', 'ours-memory (frozen)', 'bento-memory'],
  ...['cacheable-memory', 'cache-manager-memory', 'async-cache-dedupe-memory'],
];
/** Those that give each caller a value of its own. */
export const ISOLATING = ['bento-memory', 'cacheable-memory', 'cache-manager-memory'];

export const SIZES = [200, 10_240];

/** Subjects that only read. */
export const GETTERS = [...DRIVERS, 'ours (get)', 'ours (per request)'];

export type Case = Omit<Slice, 'ms'>;

export interface RedisFigures {
  readonly name: string;
  readonly loads: number;
  readonly perSecond: Summary;
  readonly cpuUs: Summary;
  readonly ratio: Summary;
  readonly ratioFast: Summary;
  /** ÷ RESP by hand. */
  readonly ratioLimit: Summary;
}

export interface MemoryFigures {
  readonly name: string;
  readonly ns: Summary;
  readonly cpuNs: Summary;
  /** Times as fast as the fastest isolating peer. */
  readonly faster: Summary;
  /** ÷ lru-cache + JSON.parse, and ÷ lru-cache, awaited and not. */
  readonly ofParsed: Summary;
  readonly ofAwaited: Summary;
  readonly ofLru: Summary;
}

export interface RedisCase extends Case {
  readonly results: readonly RedisFigures[];
}

export interface MemoryCase {
  readonly size: number;
  readonly results: readonly MemoryFigures[];
}

/** What the others are compared with. */
export const baseOf = ({ kind }: Case): string => (kind === 'hit' ? BARE : 'naive');
