import type { Cache } from '../../api/cache.js';
import { CACHE_LOOK, cacheIn } from '../../core/is-cache.js';
import { errorText } from '../../core/redact/redact.js';
import type { CacheResult, CacheSource, CacheStatus, CheckResult } from '../types.js';

/** The cache's part of a report, from its status, which never contacts Redis. */
export function cacheResult(source: CacheSource): CheckResult {
  try {
    const cache = cacheIn<Pick<Cache, 'status'>>(source, ['status']);
    if (cache === undefined) return { status: 'down', message: 'the cache has no status' };
    return toResult(cache.status());
  } catch (error) {
    return { status: 'down', message: `the cache's status cannot be read: ${errorText(error)}` };
  }
}

/** Lets the cache ask a Redis that was silent, so that its status is not older than that; `undefined`: it need not. */
export function lookAtRedis(source: CacheSource | undefined): Promise<unknown> | undefined {
  try {
    const cache = source && cacheIn<Looking>(source, ['status']);
    return cache?.[CACHE_LOOK]?.();
  } catch {
    return undefined;
  }
}

type Looking = Pick<Cache, 'status'> & {
  readonly [CACHE_LOOK]?: () => Promise<unknown> | undefined;
};

/** The share of its hot values that a new process has in memory, while it fills it; otherwise `undefined`. */
export function warmingOf(source: CacheSource | undefined): number | undefined {
  try {
    const cache = source && cacheIn<Pick<Cache, 'status'>>(source, ['status']);
    return cache?.status().warming?.progress;
  } catch {
    return undefined;
  }
}

function toResult(status: CacheStatus): CacheResult {
  const { lastError, lastErrorTime, metrics } = status;
  return {
    status: status.status,
    connected: status.connected,
    message: status.message,
    metrics: { ...metrics },
    ...(lastError === undefined ? {} : { lastError }),
    ...(lastErrorTime === undefined ? {} : { lastErrorTime }),
    ...(status.shards === undefined
      ? {}
      : { shards: status.shards.map((shard) => ({ ...shard })) }),
    ...(status.mode === 'normal' ? {} : { degradation: degradationOf(status) }),
  };
}

function degradationOf(status: CacheStatus): NonNullable<CacheResult['degradation']> {
  const { mode, reason, since, memory, journal, nextProbeAt } = status;
  return {
    mode,
    ...(reason === undefined ? {} : { reason }),
    since,
    fallback: memory && { entries: memory.entries, max: memory.max },
    journal: { ...journal },
    ...(nextProbeAt === undefined ? {} : { nextProbeAt }),
  };
}
