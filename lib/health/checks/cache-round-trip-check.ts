import type { Cache } from '../../api/cache.js';
import { invalid } from '../../core/validate.js';
import type { CheckOptions } from '../types.js';

const KEY = 'health-round-trip';

const SUBJECT = {
  name: 'the argument of cacheRoundTripCheck()',
  code: 'ERR_HEALTH_OPTION',
} as const;

/**
 * Writes a value through the cache and reads it back: also a Redis that answers PING may refuse writes.
 * Degraded when Redis did not take the write, or something else came back. Never critical.
 */
export function cacheRoundTripCheck(
  source:
    | Pick<Cache, 'set' | 'get' | 'delete'>
    | { readonly cache: Pick<Cache, 'set' | 'get' | 'delete'> },
): CheckOptions {
  const isObject = (typeof source === 'object' || typeof source === 'function') && source !== null;
  const cache = isObject && 'cache' in source ? source.cache : source;
  if (typeof (cache as Partial<Cache> | undefined)?.set !== 'function') {
    throw invalid(SUBJECT, 'a cache, or what cacheMiddleware() returned', source);
  }
  return {
    critical: false,
    async check() {
      const mark = `${process.pid}-${Math.random()}`;
      const key = `${KEY}:${mark}`;
      const result = await cache.set(key, mark, { ttl: '10s' });
      const isBack = (await cache.get(key)) === mark;
      await cache.delete(key);
      if (result === 'applied' && isBack) return { status: 'up' };
      const message = isBack
        ? 'Redis did not take the write'
        : 'what was written did not come back';
      return { status: 'degraded', message };
    },
  };
}
