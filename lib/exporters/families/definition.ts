import type { MetricsSnapshot } from '../../api/metrics.js';
import type { Sample } from './family.js';

/** A metric of one number for each combination of labels, and where the numbers stand. */
export interface Definition {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly read: (snapshot: MetricsSnapshot) => readonly Sample[];
}
