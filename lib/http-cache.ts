// The cache of whole responses: it stores through req.cache.

export type { ResponseCacheOptions } from './http-cache/options.js';
export { isRefresh } from './http-cache/refresh.js';
export type { ResponseCacheCounts } from './http-cache/report.js';
export { type ResponseCache, responseCache } from './http-cache/response-cache.js';
export type { NotStored } from './http-cache/rules/not-stored.js';
