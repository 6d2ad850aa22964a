import { errorText } from '../../core/redact.js';
import type { CacheResult, CacheSource, CacheStatus, CheckResult } from '../types.js';

/** The cache's part of a report: asks its status, which asks nobody. */
export function cacheResult(source: CacheSource): CheckResult {
  try {
    return toResult(('cache' in source ? source.cache : source).status());
  } catch (error) {
    return { status: 'down', message: `the cache's status cannot be read: ${errorText(error)}` };
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
