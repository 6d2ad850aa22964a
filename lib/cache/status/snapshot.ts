import type { EdgeMetrics, MetricsSnapshot, WarmMetrics } from '../../api/metrics.js';
import type { CacheStatus } from '../../api/status.js';
import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import type { EdgeTier } from '../../edge/edge-tier.js';
import type { SingleFlight } from '../../loading/single-flight.js';
import type { Store } from '../../tiers/store.js';
import type { CacheConfig } from '../options.js';
import type { Metrics } from './metrics.js';
import type { StatusReporter } from './status-reporter.js';

export interface SnapshotParts {
  readonly config: Pick<CacheConfig, 'name'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly reporter: Pick<StatusReporter, 'status' | 'modeSeconds'>;
  readonly store: Pick<Store, 'state'>;
  readonly shards: Pick<MetricsSnapshot, 'servers'>;
  readonly loading: Pick<SingleFlight, 'load' | 'audits'>;
  readonly commandTimes: Histogram;
  /** Absent: warming is off. */
  readonly warm?: { readonly metrics: WarmMetrics } | undefined;
  readonly edge?: Pick<EdgeTier, 'state'> | undefined;
}

/** Copies every counter and gauge of a cache. */
export function takeSnapshot(parts: SnapshotParts): MetricsSnapshot {
  const { config, clock, metrics, reporter, commandTimes } = parts;
  const status = reporter.status(parts.store);
  const { servers } = parts.shards;
  return {
    name: config.name,
    at: new Date(clock.wallNow()).toISOString(),
    ...stateOf(status),
    modeSeconds: reporter.modeSeconds,
    modeChanges: metrics.modes.changes,
    lookups: metrics.lookups,
    sets: status.metrics.sets,
    deletes: status.metrics.deletes,
    errors: metrics.errors,
    attempts: { ...metrics.attempts },
    commands: {
      inFlight: servers.reduce((sum, { commandsInFlight }) => sum + commandsInFlight, 0),
      seconds: commandTimes.counts(),
    },
    loads: loadsOf(parts),
    coalesced: { ...metrics.shared },
    journal: { ...status.journal, replayed: metrics.replayed },
    memory: status.memory && { ...status.memory, evictions: { ...metrics.evictions } },
    near: { ageSeconds: metrics.nearAges.counts() },
    freshness: parts.loading.audits?.freshness.metrics ?? null,
    warm: parts.warm?.metrics ?? null,
    ...(parts.edge && { edge: edgeOf(parts.edge) }),
    servers,
  };
}

function edgeOf({ state }: Pick<EdgeTier, 'state'>): EdgeMetrics {
  const { accepted, throttled, failed, overflows, coarse } = state.counts;
  return {
    name: state.name,
    purges: { accepted, throttled, failed },
    backlog: state.backlog,
    oldestSeconds: state.oldestMs / 1_000,
    overflows,
    coarse,
  };
}

function loadsOf({ metrics, loading }: SnapshotParts): MetricsSnapshot['loads'] {
  const { running, queued, limit } = loading.load;
  const seconds = metrics.loadTimes.counts();
  return { results: { ...metrics.loads }, inFlight: running, queued, limit, seconds };
}

type State = 'status' | 'mode' | 'reason' | 'message' | 'since' | 'nextProbeAt';

function stateOf(cache: CacheStatus): Pick<MetricsSnapshot, State> {
  const { status, mode, reason, message, since, nextProbeAt } = cache;
  return {
    status,
    mode,
    ...(reason === undefined ? {} : { reason }),
    message,
    since,
    ...(nextProbeAt === undefined ? {} : { nextProbeAt }),
  };
}
