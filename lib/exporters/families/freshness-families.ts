import type { LearningState } from '../../api/freshness.js';
import type { FreshnessMetrics, MetricsSnapshot } from '../../api/metrics.js';
import type { Definition } from './definition.js';
import { fields, one, optional, type Sample, states } from './family.js';

const STATES: readonly LearningState[] = [
  ...(['observes', 'waits', 'keeps', 'learned', 'misses', 'reverted'] as const),
];

/** The metrics of `freshness`, which have no samples while it is off. There are 100 groups at most. */
export const FRESHNESS_METRICS: readonly Definition[] = [
  {
    name: 'express_cache_audits_total',
    type: 'counter',
    help: 'Hits that were loaded again and compared, by what that showed.',
    read: ofGroups(({ audits }) => fields('result', audits)),
  },
  {
    name: 'express_cache_stale_ratio',
    type: 'gauge',
    help: 'The share of hits that were stale, by audits, and the bounds of its interval of 95 %.',
    read: ofGroups(({ staleRatio }) => (staleRatio === null ? [] : fields('bound', staleRatio))),
  },
  {
    name: 'express_cache_group_hits_total',
    type: 'counter',
    help: 'Reads with a loader that found a fresh value, in the groups that are observed.',
    read: ofGroups(({ hits }) => one(hits)),
  },
  {
    name: 'express_cache_group_loads_total',
    type: 'counter',
    help: 'Values that loaders made, audits included, in the groups that are observed.',
    read: ofGroups(({ loads }) => one(loads)),
  },
  {
    name: 'express_cache_group_ttl_seconds',
    type: 'gauge',
    help: 'The lifetime that loaded values get: the mean of the last 200 loads or so.',
    read: ofGroups(({ ttlSeconds }) => optional(ttlSeconds ?? undefined)),
  },
  {
    name: 'express_cache_group_lifetimes',
    type: 'gauge',
    help: 'What becomes of the lifetimes of a group: 1 for the state that is true.',
    read: ofGroups(({ state }) => states('state', STATES, state)),
  },
];

/** The samples of each group, with its name. */
function ofGroups(
  read: (group: FreshnessMetrics) => readonly Sample[],
): (snapshot: MetricsSnapshot) => readonly Sample[] {
  return ({ freshness }) =>
    (freshness ?? []).flatMap((metrics) =>
      read(metrics).map(({ labels, value }) => ({
        labels: { group: metrics.group, ...labels },
        value,
      })),
    );
}
