import { graceMsOf, ttlMsOf, versionOf } from './entry.js';

export type Freshness = 'fresh' | 'stale' | 'expired';

/** Milliseconds since 1970 (server time) at which the value stops being fresh. */
export function freshUntilMs(entry: string): number {
  return versionOf(entry) / 1_000 + ttlMsOf(entry);
}

/** Whether an entry may be given to a caller at `nowMs` (server time), and as what. An unreadable entry is expired. */
export function freshness(entry: string, nowMs: number): Freshness {
  const freshUntil = freshUntilMs(entry);
  if (nowMs < freshUntil) return 'fresh';
  return nowMs < freshUntil + graceMsOf(entry) ? 'stale' : 'expired';
}
