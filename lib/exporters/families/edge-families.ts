import type { EdgeMetrics, MetricsSnapshot } from '../../api/metrics.js';
import type { Definition } from './definition.js';
import type { Sample } from './family.js';

/** The metrics of the CDN in front of the application. Without one they have no samples. */
export const EDGE_DEFINITIONS: readonly Definition[] = [
  {
    name: 'express_cache_edge_purges_total',
    type: 'counter',
    help: 'Purges sent to the edge, by what it answered.',
    read: (s) =>
      of(s, ({ purges }) =>
        Object.entries(purges).map(([result, value]) => ({ labels: { result }, value })),
      ),
  },
  {
    name: 'express_cache_edge_backlog',
    type: 'gauge',
    help: 'Tags that the edge has not accepted a purge of.',
    read: (s) => of(s, ({ backlog }) => [{ labels: {}, value: backlog }]),
  },
  {
    name: 'express_cache_edge_backlog_age_seconds',
    type: 'gauge',
    help: 'How long the oldest of these tags has waited.',
    read: (s) => of(s, ({ oldestSeconds }) => [{ labels: {}, value: oldestSeconds }]),
  },
  {
    name: 'express_cache_edge_overflows_total',
    type: 'counter',
    help: 'How often one purge of everything took the place of many.',
    read: (s) => of(s, ({ overflows }) => [{ labels: {}, value: overflows }]),
  },
  {
    name: 'express_cache_edge_coarse_answers_total',
    type: 'counter',
    help: 'Answers that had too many tags, so that kinds of keys were named in place of keys.',
    read: (s) => of(s, ({ coarse }) => [{ labels: {}, value: coarse }]),
  },
];

function of(
  { edge }: MetricsSnapshot,
  read: (edge: EdgeMetrics) => readonly Sample[],
): readonly Sample[] {
  return edge === undefined
    ? []
    : read(edge).map(({ labels, value }) => ({ labels: { edge: edge.name, ...labels }, value }));
}
