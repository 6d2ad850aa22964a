import type { Cache } from '../cache/types.js';

declare global {
  namespace Express {
    interface Request {
      /** The degradation-aware cache, attached by `cacheMiddleware()`. */
      cache: Cache;
    }
  }
}
