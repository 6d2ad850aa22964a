// The public surface, and nothing else.

export { CacheOverloadedError } from './cache/bulkhead.js';
export { createCache } from './cache/create-cache.js';
export type { CacheOptions, JournalOptions, MemoryOptions } from './cache/options.js';
export type {
  Cache,
  CacheEvents,
  CacheMetrics,
  CacheMode,
  CacheReason,
  CacheStatus,
  LoadError,
  Loader,
  LoaderContext,
  LoadOptions,
  Lookup,
  ManyLoader,
  ModeChange,
  SetOptions,
  WriteResult,
} from './cache/types.js';
export type { Duration } from './core/duration.js';
export type { Unsubscribe } from './core/emitter.js';
export { CacheHealthError, type ErrorCode, isCacheHealthError } from './core/errors.js';
export type { Logger } from './core/logger.js';
export { cacheRoundTripCheck } from './health/checks/cache-round-trip-check.js';
export { diskSpaceCheck } from './health/checks/disk-check.js';
export { eventLoopCheck } from './health/checks/event-loop-check.js';
export { heapCheck } from './health/checks/heap-check.js';
export {
  type GracefulShutdown,
  type GracefulShutdownOptions,
  gracefulShutdown,
} from './health/graceful-shutdown.js';
export { type HealthEvents, type HealthRouter, healthRouter } from './health/health-router.js';
export { healthOpenApi, type OpenApiFragment, type OpenApiOptions } from './health/openapi.js';
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
export { type CacheMiddleware, cacheMiddleware } from './http/cache-middleware.js';
