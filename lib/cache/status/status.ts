import type { CacheMetrics, CacheStatus, EdgeStatus, ShardStatus } from '../../api/status.js';
import { formatDuration } from '../../core/time/duration.js';
import type { EdgeState } from '../../edge/edge-tier.js';
import type { ShardState, StoreState } from '../../tiers/store.js';
import { disabledSentence, outageSentence } from './reasons.js';

/** The parts of the status besides the state of the tiers. */
export interface StatusDetails {
  readonly metrics: CacheMetrics;
  readonly redisName: string;
  /** When the mode began, milliseconds since 1970. */
  readonly since: number;
  /** When Redis is tried next, milliseconds since 1970. */
  readonly nextProbeAt: number | undefined;
  readonly lastError: string | undefined;
  readonly lastErrorAt: number | undefined;
  /** A moment of the monotonic clock as a date, milliseconds since 1970. */
  readonly dateOf: (at: number) => number;
  /** The error behind the present reason. */
  readonly reasonError: string | undefined;
  /** The option or variable that switched the cache off. */
  readonly disabledBy: string | undefined;
  /** The CDN, if there is one. */
  readonly edge?: EdgeState | undefined;
}

/** The status of a cache whose tiers are in this state. */
export function buildStatus(state: StoreState, details: StatusDetails): CacheStatus {
  const { mode, journal, memory } = state;
  const reason = mode === 'normal' ? undefined : state.reason;
  const { metrics, since, nextProbeAt, lastError, lastErrorAt } = details;
  return {
    status: statusOf(state, details),
    connected: state.isConnected,
    message: messageOf(state, details),
    metrics,
    mode,
    since: iso(since),
    ...(reason === undefined ? {} : { reason }),
    ...(nextProbeAt === undefined ? {} : { nextProbeAt: iso(nextProbeAt) }),
    ...shardsOf(state, details),
    journal,
    memory,
    ...(details.edge === undefined ? {} : { edge: edgeStatus(details.edge) }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(lastErrorAt === undefined ? {} : { lastErrorTime: iso(lastErrorAt) }),
  };
}

function shardsOf(
  { shards = [] }: StoreState,
  details: StatusDetails,
): Pick<CacheStatus, 'shards'> {
  if (shards.length === 0) return {};
  return { shards: shards.map((shard) => shardStatus(shard, details)) };
}

function shardStatus(
  { address, slots, state, reason, changedAt }: ShardState,
  { dateOf }: StatusDetails,
): ShardStatus {
  return {
    address,
    slots,
    state: state.name,
    ...(reason === undefined ? {} : { reason }),
    since: iso(dateOf(changedAt)),
    ...('nextAttemptAt' in state ? { nextProbeAt: iso(dateOf(state.nextAttemptAt)) } : {}),
  };
}

function edgeStatus({ name, backlog, oldestMs, error }: EdgeState): EdgeStatus {
  return {
    name,
    backlog,
    oldestMs: Math.round(oldestMs),
    ...(error && { lastError: error.text, lastErrorTime: iso(error.at) }),
  };
}

function statusOf({ mode, reason }: StoreState, { edge }: StatusDetails): CacheStatus['status'] {
  switch (mode) {
    case 'normal':
      return edge?.isLate === true ? 'degraded' : 'up';
    case 'degraded':
    case 'recovering':
      return 'degraded';
    case 'database-only':
      // It was switched off on purpose, so it is no fault that should page a person.
      return reason === 'disabled' ? 'degraded' : 'down';
  }
}

function messageOf(state: StoreState, details: StatusDetails): string {
  const { mode, journal, hasRedis } = state;
  if (details.disabledBy !== undefined) return disabledSentence(details.disabledBy);
  if (mode === 'normal' && details.edge?.isLate === true) return lateSentence(details.edge);
  if (!hasRedis) {
    return mode === 'normal'
      ? 'Memory alone serves, as configured; nothing is shared between processes.'
      : 'The cache is switched off: neither Redis nor memory is configured.';
  }
  if (mode === 'normal') {
    const serves = `Redis (${details.redisName}) serves.`;
    return state.notice === undefined ? serves : `${serves} ${state.notice}`;
  }
  if (mode === 'recovering') return `Redis is back; ${waiting(journal.entries)} Nothing to do.`;
  return outageSentence(state, { ...details, error: details.reasonError });
}

function lateSentence({ name, oldestMs, backlog, error }: EdgeState): string {
  const why = error === undefined ? '' : ` Its last answer: ${error.text}.`;
  const tags = backlog === 1 ? '1 tag' : `${backlog} tags`;
  return `The edge (${name}) has not accepted purges of ${tags} for ${formatDuration(oldestMs)}, so it may serve old answers.${why}`;
}

function waiting(entries: number): string {
  if (entries === 0) return 'it is read again in a moment.';
  const count = entries === 1 ? '1 write is' : `${entries} writes are`;
  return `${count} replayed before it is read again.`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
