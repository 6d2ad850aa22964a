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
export { CacheHealthError, type ErrorCode, isCacheHealthError } from './core/errors.js';
export type { Logger } from './core/logger.js';
export { type CacheMiddleware, cacheMiddleware } from './http/cache-middleware.js';
