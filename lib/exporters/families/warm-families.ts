import type { Definition } from './definition.js';
import { fields, optional } from './family.js';

/** The metrics of warming, which have no samples while it is switched off. */
export const WARM_METRICS: readonly Definition[] = [
  {
    name: 'express_cache_warming',
    type: 'gauge',
    help: 'Whether readiness waits for warming.',
    read: ({ warm }) => optional(warm === null ? undefined : Number(warm.isWarming)),
  },
  {
    name: 'express_cache_warmed_values_total',
    type: 'counter',
    help: 'Values of hot keys put into memory before a caller asked for them, by where they came from.',
    read: ({ warm }) => (warm === null ? [] : fields('source', warm.values)),
  },
  {
    name: 'express_cache_warmed_values_ended_total',
    type: 'counter',
    help: 'Warmed values that were read before they expired, and those that were not.',
    read: ({ warm }) =>
      warm === null ? [] : fields('result', { read: warm.read, unread: warm.unread }),
  },
];
