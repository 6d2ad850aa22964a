import { parseOptions } from '../core/validate.js';
import { encodeValue } from './codec.js';
import { jitteredTtl } from './early-refresh.js';
import { type CacheConfig, parseTtl } from './options.js';
import type { Lookup, SetOptions } from './types.js';
import type { NewValue } from './write.js';

const SET_OPTIONS = { name: 'the options argument', code: 'ERR_CACHE_OPTION' } as const;

/** A value given to `set`, encoded, with its lifetime. */
export function parseNewValue(
  config: CacheConfig,
  value: unknown,
  options: SetOptions | undefined,
): NewValue {
  const ttlMs = jitteredTtl(readTtl(config, options), config.ttlJitter, Math.random());
  return { payload: encodeValue(value), ttlMs, graceMs: config.load.graceMs, loadMs: 0 };
}

function readTtl(config: CacheConfig, given: SetOptions | undefined): number {
  if (given === undefined) return config.load.ttlMs;
  const { ttl } = parseOptions<SetOptions>(SET_OPTIONS, given, ['ttl']);
  return ttl === undefined ? config.load.ttlMs : parseTtl(ttl);
}

export function lookup(key: string, outcome: Lookup['outcome'], tier: Lookup['tier']): Lookup {
  return tier === undefined ? { key, outcome } : { key, outcome, tier };
}

export function inOrder<T>(
  keys: readonly string[],
  values: ReadonlyMap<string, T>,
): Map<string, T> {
  const ordered = new Map<string, T>();
  for (const key of keys) if (values.has(key)) ordered.set(key, values.get(key) as T);
  return ordered;
}
