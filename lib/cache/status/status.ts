import type { CacheReason } from '../../api/reason.js';
import type { CacheMode, CacheStatus } from '../../api/status.js';
import type { CacheContext } from '../../tiers/context.js';
import type { CacheConfig } from '../options.js';
import { currentMode, currentReason } from './mode.js';
import { REASONS } from './reasons.js';

/** What the status needs beside the context. */
export interface StatusHistory {
  /** When the mode began, milliseconds since 1970. */
  readonly since: number;
  readonly lastError: string | undefined;
  readonly lastErrorAt: number | undefined;
}

/** A photograph of the cache. */
export function buildStatus(
  context: CacheContext<CacheConfig>,
  history: StatusHistory,
): CacheStatus {
  const mode = currentMode(context);
  const reason = mode === 'normal' ? undefined : currentReason(context);
  const nextProbeAt = nextProbe(context);
  const { lastError, lastErrorAt } = history;
  return {
    status: statusOf(mode),
    connected: isConnected(context),
    message: messageOf(context, mode, reason, history.since),
    metrics: context.metrics.snapshot(),
    mode,
    since: iso(history.since),
    ...(reason === undefined ? {} : { reason }),
    ...(nextProbeAt === undefined ? {} : { nextProbeAt: iso(nextProbeAt) }),
    journal: journalOf(context),
    memory: memoryOf(context),
    ...(lastError === undefined ? {} : { lastError }),
    ...(lastErrorAt === undefined ? {} : { lastErrorTime: iso(lastErrorAt) }),
  };
}

function statusOf(mode: CacheMode): CacheStatus['status'] {
  switch (mode) {
    case 'normal':
      return 'up';
    case 'degraded':
    case 'recovering':
      return 'degraded';
    case 'database-only':
      return 'down';
  }
}

function isConnected(context: CacheContext<CacheConfig>): boolean {
  const name = context.door?.state.name;
  return name === 'closed' || name === 'read-only' || name === 'recovering';
}

function nextProbe(context: CacheContext<CacheConfig>): number | undefined {
  const state = context.door?.state;
  if (state === undefined || !('nextAttemptAt' in state)) return undefined;
  return context.clock.wallNow() + Math.max(0, state.nextAttemptAt - context.clock.now());
}

function journalOf({ journal }: CacheContext<CacheConfig>): CacheStatus['journal'] {
  const { size, max, overflows } = journal;
  return { entries: size, max, overflows };
}

function memoryOf(context: CacheContext<CacheConfig>): CacheStatus['memory'] {
  const memory = context.standby?.memory;
  if (memory === undefined) return null;
  const { entries, bytes, limits } = memory;
  return { entries, max: limits.max, bytes, maxBytes: limits.maxBytes };
}

function messageOf(
  context: CacheContext<CacheConfig>,
  mode: CacheMode,
  reason: CacheReason | undefined,
  since: number,
): string {
  if (context.door === undefined) {
    return mode === 'normal'
      ? 'Memory alone serves, as configured; nothing is shared between processes.'
      : 'The cache is switched off: neither Redis nor memory is configured.';
  }
  if (mode === 'normal') return `Redis (${context.config.redisName}) serves.`;
  if (mode === 'recovering') {
    return `Redis is back; ${waiting(context)} before it is read again. Nothing to do.`;
  }
  const [what, advice] = REASONS[reason ?? 'connection_failed'];
  const name = context.config.redisName;
  return `Redis (${name}) ${isNotUsed(context)} since ${iso(since)}: ${what}. ${serving(context)} ${advice}`;
}

/** In one state it is read. */
export function isNotUsed({ door }: CacheContext<CacheConfig>): string {
  return door?.state.name === 'read-only' ? 'is not written to' : 'is not used';
}

/** Which fallback serves meanwhile. */
export function serving(context: CacheContext<CacheConfig>): string {
  const { standby, door } = context;
  if (door?.state.name === 'read-only') {
    return `Reads are served from Redis, writes are kept in ${standby === undefined ? 'the journal' : 'memory'}.`;
  }
  if (standby === undefined) return 'There is no memory tier: every request goes to the database.';
  const { entries, limits } = standby.memory;
  return `The in-memory fallback serves (${entries} of at most ${limits.max} entries).`;
}

function waiting(context: CacheContext<CacheConfig>): string {
  const count = context.journal.size;
  return count === 1 ? '1 write is replayed' : `${count} writes are replayed`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
