import { CACHE_METRICS } from './cache-families.js';
import type { Family } from './family.js';
import { healthFamilies, ownFamilies } from './health-families.js';

/** Name, type and help of every metric of this package. */
export const FAMILIES: readonly Pick<Family, 'name' | 'type' | 'help'>[] = [
  ...ownFamilies(0),
  ...CACHE_METRICS,
  ...healthFamilies({ status: 'ok', checks: [] }),
];
