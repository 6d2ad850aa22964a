import type { Cache } from '../../api/cache.js';
import { cacheIn } from '../../core/is-cache.js';
import { randomText } from '../../core/random.js';
import { invalid } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

const KEY = 'health-round-trip';
const ID_LENGTH = 10;

type Needed = Pick<Cache, 'set' | 'get' | 'delete'>;

const SUBJECT = {
  name: 'the argument of cacheRoundTripCheck()',
  code: 'ERR_HEALTH_OPTION',
} as const;

/**
 * Writes a value through the cache and reads it back, because a Redis that answers PING may still refuse
 * writes. Degraded when Redis did not take the write, or something else came back. Never critical.
 *
 * While the cache knows that Redis is away, nothing is written: the write would wait in the journal. Each
 * check has one key, which it never deletes (a delete can end up in the journal as well): the value expires
 * after ten seconds.
 */
export function cacheRoundTripCheck(source: Needed | { readonly cache: Needed }): CheckOptions {
  const cache = cacheIn<Needed>(source, ['set', 'get', 'delete']);
  if (cache === undefined) {
    throw invalid(SUBJECT, 'a cache, or what cacheMiddleware() returned', source);
  }
  const key = `${KEY}:${randomText(ID_LENGTH)}`;
  return {
    critical: false,
    async check() {
      const mode = modeOf(cache);
      if (mode !== 'normal') return degraded(`Redis is not used: the mode is ${mode}`);
      const mark = randomText(ID_LENGTH);
      const result = await cache.set(key, mark, { ttl: '10s' });
      if ((await cache.get(key)) !== mark) return degraded('what was written did not come back');
      return result === 'applied' ? { status: 'up' } : degraded('Redis did not take the write');
    },
  };
}

function degraded(message: string): { readonly status: 'degraded'; readonly message: string } {
  return { status: 'degraded', message };
}

/** An object that can only write and read has no mode. */
function modeOf(cache: Needed & Partial<Pick<Cache, 'status'>>): string {
  return typeof cache.status === 'function' ? cache.status().mode : 'normal';
}
