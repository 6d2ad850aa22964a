import { atLeast, type BarLine, judge, told } from '../../lib/bars.js';
import {
  BARE,
  ISOLATING,
  type MemoryCase,
  type MemoryFigures,
  type RedisCase,
  type RedisFigures,
} from './cases.js';

interface Measured {
  readonly redis: readonly RedisCase[];
  readonly memory: readonly MemoryCase[];
  /** The subjects that were wanted. */
  readonly names: readonly string[];
}

/** The least ratio to the driver without its timer, by how many calls there are at once. */
const HITS: readonly (readonly [concurrency: number, least: number])[] = [
  [64, 1],
  [8, 1],
  [1, 0.95],
];

export function hotBars({ redis, memory, names }: Measured): BarLine[] {
  const lines = names.includes('ours') ? hitBars(redis) : [];
  return names.includes('ours-memory') ? [...lines, ...memoryBars(memory, names)] : lines;
}

function hitBars(redis: readonly RedisCase[]): BarLine[] {
  const lines = HITS.map(([concurrency, least]) => {
    const what = `hit from Redis ×${concurrency} ÷ node-redis without its timer, parsing on both sides`;
    return judge(what, atLeast(least), ourHit(redis, concurrency)?.ratioFast);
  });
  for (const [concurrency] of HITS) {
    const hit = ourHit(redis, concurrency);
    lines.push(told(`hit from Redis ×${concurrency} ÷ RESP by hand`, hit?.ratioLimit));
    lines.push(told(`hit from Redis ×${concurrency} ÷ ${BARE}, with its timer`, hit?.ratio));
  }
  return lines;
}

function memoryBars(memory: readonly MemoryCase[], names: readonly string[]): BarLine[] {
  const results = memory.find((one) => one.size === 200)?.results ?? [];
  const of = (name: string): MemoryFigures | undefined => results.find((one) => one.name === name);
  const own = of('ours-memory');
  const frozen = of('ours-memory (frozen)');
  const lines = [
    judge('memory hit, 200 B ÷ JSON.parse in lru-cache', atLeast(0.85), own?.ofParsed),
    judge('frozen memory hit ÷ lru-cache, both awaited', atLeast(0.3), frozen?.ofAwaited),
    told('frozen memory hit ÷ lru-cache without a promise', frozen?.ofLru),
  ];
  if (ISOLATING.some((name) => names.includes(name))) {
    const what = `hit from memory, 200 B, × the fastest of ${ISOLATING.join(', ')}`;
    lines.push(judge(what, atLeast(4), own?.faster));
  }
  return lines;
}

function ourHit(redis: readonly RedisCase[], concurrency: number): RedisFigures | undefined {
  const isWanted = (one: RedisCase): boolean =>
    one.kind === 'hit' && one.size === 200 && one.concurrency === concurrency;
  return redis.find(isWanted)?.results.find((one) => one.name === 'ours');
}
