// The health endpoints and the shutdown alone, for services without the cache: loads no Redis driver.

export type { HealthMetrics } from './api/metrics.js';
export { cacheRoundTripCheck } from './health/checks/cache-round-trip-check.js';
export { diskSpaceCheck } from './health/checks/disk-check.js';
export { eventLoopCheck } from './health/checks/event-loop-check.js';
export { heapCheck } from './health/checks/heap-check.js';
export { healthOpenApi } from './health/health-openapi.js';
export { healthRouter } from './health/health-router.js';
export type { HealthEvents, HealthRouter } from './health/http/health-router.js';
export type { OpenApiFragment, OpenApiOptions } from './health/openapi/openapi.js';
export type {
  CacheResult,
  CacheSource,
  CheckFunction,
  CheckOptions,
  CheckResult,
  CheckState,
  HealthChange,
  HealthOptions,
  HealthReport,
  HealthState,
} from './health/types.js';
export {
  type GracefulShutdown,
  type GracefulShutdownOptions,
  gracefulShutdown,
} from './shutdown/graceful-shutdown.js';
