import type { Cache } from '../api/cache.js';

declare global {
  namespace Express {
    interface Request {
      /** The degradation-aware cache, attached by `cacheMiddleware()`. */
      cache: Cache;
    }
  }
}
