import { atLeast, type BarLine, judge } from '../../lib/bars.js';
import {
  BARE,
  BARE_FAST,
  ISOLATING,
  type MemoryCase,
  type RedisCase,
  type RedisFigures,
} from './cases.js';

interface Measured {
  readonly redis: readonly RedisCase[];
  readonly memory: readonly MemoryCase[];
  /** The subjects that were wanted. */
  readonly names: readonly string[];
}

export function hotBars({ redis, memory, names }: Measured): BarLine[] {
  const lines: BarLine[] = [];
  if (names.includes('ours')) {
    const many = ourHit(redis, 64);
    const what = `hit from Redis, 64 at once, 200 B ÷ ${BARE}`;
    lines.push(judge(what, atLeast(2), many?.ratio));
    lines.push(judge(`the same ÷ ${BARE_FAST}`, atLeast(0.8), many?.ratioFast));
    const one = ourHit(redis, 1)?.ratio;
    lines.push(judge(`hit from Redis, 1 at once ÷ ${BARE}`, atLeast(0.95), one));
  }
  if (names.includes('ours-memory') && ISOLATING.some((name) => names.includes(name))) {
    const what = `hit from memory, 200 B, × the fastest of ${ISOLATING.join(', ')}`;
    const results = memory.find((one) => one.size === 200)?.results;
    const own = results?.find((one) => one.name === 'ours-memory');
    lines.push(judge(what, atLeast(4), own?.faster));
  }
  return lines;
}

function ourHit(redis: readonly RedisCase[], concurrency: number): RedisFigures | undefined {
  const isWanted = (one: RedisCase): boolean =>
    one.kind === 'hit' && one.size === 200 && one.concurrency === concurrency;
  return redis.find(isWanted)?.results.find((one) => one.name === 'ours');
}
