import { systemClock } from '../core/time/clock.js';
import type { HealthRouter } from './http/health-router.js';
import type { HealthOptions } from './types.js';

/**
 * The health endpoints, below where the router is mounted: `GET /` (everything), `/live`, `/ready`, `/startup`
 * and `/check/:name`. Mount it before everything that may refuse, redirect or delay a probe: CORS, sessions,
 * rate limits.
 *
 * @throws CacheHealthError `ERR_HEALTH_OPTION` for a wrong option.
 */
export function healthRouter(options?: HealthOptions): HealthRouter {
  // Loaded by the call, so that an application without health endpoints does not load them.
  const { parseHealthOptions } = require('./options.js') as typeof import('./options.js');
  const { buildHealthRouter } =
    require('./http/health-router.js') as typeof import('./http/health-router.js');
  return buildHealthRouter(parseHealthOptions(options), systemClock);
}
