// The cache of whole responses, which stores through req.cache, and the CDNs that a cache purges.

export { type BunnyOptions, bunny } from './edge/adapters/bunny.js';
export { type CloudflareOptions, cloudflare } from './edge/adapters/cloudflare.js';
export { type CustomOptions, custom } from './edge/adapters/custom.js';
export { type FastlyOptions, fastly } from './edge/adapters/fastly.js';
export { type NginxOptions, nginx } from './edge/adapters/nginx.js';
export { type VarnishOptions, varnish } from './edge/adapters/varnish.js';
export type { Edge } from './edge/edge.js';
export type { ResponseCacheOptions } from './http-cache/options.js';
export { isRefresh } from './http-cache/refresh.js';
export type { ResponseCacheCounts } from './http-cache/report.js';
export { type ResponseCache, responseCache } from './http-cache/response-cache.js';
export type { NotStored } from './http-cache/rules/not-stored.js';
