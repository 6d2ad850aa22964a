// The public surface, and nothing else.

export type { Cache, WriteResult } from './api/cache.js';
export type { CacheEvents, LoadError, Lookup, ModeChange } from './api/events.js';
export type {
  CacheFreshness,
  FixedLifetime,
  FreshnessReport,
  GroupFreshness,
  LearningState,
  LifetimeEstimate,
  ShareEstimate,
} from './api/freshness.js';
export type {
  Loader,
  LoaderContext,
  LoadOptions,
  ManyLoader,
  SetOptions,
  WarmLoader,
  WrapOptions,
} from './api/loading.js';
export type {
  HealthMetrics,
  LoadOutcome,
  MetricsSnapshot,
  ServerMetrics,
} from './api/metrics.js';
export type { CacheReason } from './api/reason.js';
export type { CacheMetrics, CacheMode, CacheStatus, ShardStatus } from './api/status.js';
export { createCache } from './cache/create-cache.js';
export type { CacheOptions, JournalOptions, MemoryOptions } from './cache/options.js';
export type { LogFields } from './core/diagnostics/log-fields.js';
export type { Unsubscribe } from './core/emitter.js';
export { CacheHealthError, type ErrorCode, isCacheHealthError } from './core/errors.js';
export type { Logger } from './core/logger.js';
export { type Duration, durationMs as parseDuration } from './core/time/duration.js';
export {
  type CacheMiddleware,
  cacheMiddleware,
  type MiddlewareOptions,
  type UseOptions,
} from './express/cache-middleware.js';
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
export { CacheOverloadedError } from './loading/bulkhead/overloaded-error.js';
export type { FreshnessOptions, FreshnessTarget } from './loading/freshness/freshness-options.js';
export type { WarmOptions } from './loading/warm/warm-options.js';
export type {
  Address,
  ClusterOptions,
  RedisOptions,
  SentinelOptions,
} from './redis/redis-options.js';
export {
  type GracefulShutdown,
  type GracefulShutdownOptions,
  gracefulShutdown,
} from './shutdown/graceful-shutdown.js';
