import type { MetricsSnapshot } from '../../api/metrics.js';
import type { HistogramCounts } from '../../core/diagnostics/histogram.js';
import type { Definition } from './definition.js';
import { EDGE_DEFINITIONS } from './edge-families.js';
import { type Family, fields, one, optional, type Sample, states } from './family.js';
import { FRESHNESS_METRICS } from './freshness-families.js';
import { REASON_CODES } from './reason-codes.js';
import { WARM_METRICS } from './warm-families.js';

interface HistogramDefinition {
  readonly name: string;
  readonly help: string;
  readonly read: (snapshot: MetricsSnapshot) => HistogramCounts;
}

const DEFINITIONS: readonly Definition[] = [
  {
    name: 'express_cache_status',
    type: 'gauge',
    help: 'Whether the cache has this status: 1 for the one that is true.',
    read: (s) => states('status', ['up', 'degraded', 'down'], s.status),
  },
  {
    name: 'express_cache_mode',
    type: 'gauge',
    help: 'What serves the cache: 1 for the mode that is true.',
    read: (s) => states('mode', Object.keys(s.modeSeconds), s.mode),
  },
  {
    name: 'express_cache_reason',
    type: 'gauge',
    help: 'Why Redis is not used: 1 for the reason that is true, none in normal mode.',
    read: (s) => states('reason', REASON_CODES, s.reason),
  },
  {
    name: 'express_cache_mode_since_timestamp_seconds',
    type: 'gauge',
    help: 'When the mode began, in seconds since 1970.',
    read: (s) => one(secondsOf(s.since)),
  },
  {
    name: 'express_cache_next_attempt_timestamp_seconds',
    type: 'gauge',
    help: 'When Redis is tried next, in seconds since 1970; 0 while it is used.',
    read: (s) => one(s.nextProbeAt === undefined ? 0 : secondsOf(s.nextProbeAt)),
  },
  {
    name: 'express_cache_mode_changes_total',
    type: 'counter',
    help: 'Changes of mode.',
    read: (s) =>
      s.modeChanges.map(({ from, to, count }) => ({ labels: { from, to }, value: count })),
  },
  {
    name: 'express_cache_mode_seconds_total',
    type: 'counter',
    help: 'Seconds spent in each mode.',
    read: (s) => fields('mode', s.modeSeconds),
  },
  {
    name: 'express_cache_lookups_total',
    type: 'counter',
    help: 'Keys asked for, by the tier that answered.',
    read: lookups,
  },
  {
    name: 'express_cache_sets_total',
    type: 'counter',
    help: 'Values put into the cache.',
    read: (s) => one(s.sets),
  },
  {
    name: 'express_cache_deletes_total',
    type: 'counter',
    help: 'Calls of delete, clear and invalidateTags.',
    read: (s) => one(s.deletes),
  },
  {
    name: 'express_cache_errors_total',
    type: 'counter',
    help: 'Redis commands and connections that failed, and entries that could not be read.',
    read: (s) => fields('kind', s.errors),
  },
  {
    name: 'express_cache_redis_attempts_total',
    type: 'counter',
    help: 'Attempts to connect to Redis and to prove its data.',
    read: (s) => fields('result', s.attempts),
  },
  {
    name: 'express_cache_redis_commands_in_flight',
    type: 'gauge',
    help: 'Commands that Redis has not answered yet.',
    read: (s) => one(s.commands.inFlight),
  },
  {
    name: 'express_cache_loads_total',
    type: 'counter',
    help: 'Loads of missing or old values: runs of a loader, for one key or many.',
    read: (s) => fields('result', s.loads.results),
  },
  {
    name: 'express_cache_coalesced_total',
    type: 'counter',
    help: "Callers that shared another caller's load.",
    read: (s) => fields('by', s.coalesced),
  },
  {
    name: 'express_cache_loads_in_flight',
    type: 'gauge',
    help: 'Loads that run.',
    read: (s) => one(s.loads.inFlight),
  },
  {
    name: 'express_cache_loads_queued',
    type: 'gauge',
    help: 'Loads that wait for their turn.',
    read: (s) => one(s.loads.queued),
  },
  {
    name: 'express_cache_loads_limit',
    type: 'gauge',
    help: 'Loads that may run at once; +Inf when unlimited.',
    read: (s) => one(s.loads.limit),
  },
  {
    name: 'express_cache_journal_entries',
    type: 'gauge',
    help: 'Writes that wait for Redis.',
    read: (s) => one(s.journal.entries),
  },
  {
    name: 'express_cache_journal_max_entries',
    type: 'gauge',
    help: 'Writes that may wait for Redis.',
    read: (s) => one(s.journal.max),
  },
  {
    name: 'express_cache_journal_overflows_total',
    type: 'counter',
    help: 'How often more writes waited than the journal holds.',
    read: (s) => one(s.journal.overflows),
  },
  {
    name: 'express_cache_journal_replayed_total',
    type: 'counter',
    help: 'Writes that were replayed into Redis.',
    read: (s) => one(s.journal.replayed),
  },
  {
    name: 'express_cache_memory_entries',
    type: 'gauge',
    help: 'Entries in the memory tier.',
    read: ({ memory }) => optional(memory?.entries),
  },
  {
    name: 'express_cache_memory_max_entries',
    type: 'gauge',
    help: 'Entries that the memory tier may hold.',
    read: ({ memory }) => optional(memory?.max),
  },
  {
    name: 'express_cache_memory_bytes',
    type: 'gauge',
    help: 'Bytes of keys and entries in the memory tier.',
    read: ({ memory }) => optional(memory?.bytes),
  },
  {
    name: 'express_cache_memory_max_bytes',
    type: 'gauge',
    help: 'Bytes that the memory tier may hold.',
    read: ({ memory }) => optional(memory?.maxBytes),
  },
  {
    name: 'express_cache_memory_evictions_total',
    type: 'counter',
    help: 'Entries pushed out of the memory tier, by the limit that was reached.',
    read: ({ memory }) => (memory === null ? [] : fields('reason', memory.evictions)),
  },
  ...FRESHNESS_METRICS,
  ...WARM_METRICS,
];

const HISTOGRAMS: readonly HistogramDefinition[] = [
  {
    name: 'express_cache_redis_command_duration_seconds',
    help: 'How long Redis took to answer commands.',
    read: (s) => s.commands.seconds,
  },
  {
    name: 'express_cache_load_duration_seconds',
    help: 'How long loaders took.',
    read: (s) => s.loads.seconds,
  },
  {
    name: 'express_cache_near_age_seconds',
    help: 'For how long the value of a near hit had not been the current one, of one hit in 10,000.',
    read: (s) => s.near.ageSeconds,
  },
];

/** Name, type and help of every metric of a cache. */
export const CACHE_METRICS: readonly Pick<Family, 'name' | 'type' | 'help'>[] = [
  ...DEFINITIONS,
  ...EDGE_DEFINITIONS,
  ...HISTOGRAMS.map((histogram) => ({ ...histogram, type: 'histogram' as const })),
];

/** Every metric of one cache, each sample with the label `cache`. */
export function cacheFamilies(snapshot: MetricsSnapshot): readonly Family[] {
  const cache = snapshot.name;
  const scalars = [...DEFINITIONS, ...EDGE_DEFINITIONS].map(
    ({ name, type, help, read }): Family => {
      const samples = read(snapshot).map(({ labels, value }) => ({
        labels: { cache, ...labels },
        value,
      }));
      return { name, type, help, samples };
    },
  );
  const histograms = HISTOGRAMS.map(({ name, help, read }): Family => {
    return {
      name,
      type: 'histogram',
      help,
      histograms: [{ labels: { cache }, counts: read(snapshot) }],
    };
  });
  return [...scalars, ...histograms];
}

function lookups({ lookups: { near, redis, memory, miss } }: MetricsSnapshot): readonly Sample[] {
  const of = (tier: string, result: string, value: number): Sample => ({
    labels: { tier, result },
    value,
  });
  return [
    of('near', 'hit', near.hit),
    of('redis', 'hit', redis.hit),
    of('redis', 'stale', redis.stale),
    of('memory', 'hit', memory.hit),
    of('memory', 'stale', memory.stale),
    of('none', 'miss', miss),
  ];
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}
