import { CacheHealthError } from '../../core/errors.js';

/** For the callers of loads that `close()` ends. */
export function closedError(): CacheHealthError {
  return new CacheHealthError(
    'ERR_CACHE_CLOSED',
    'The cache was closed while this value was being loaded. Close it after the last request was answered.',
  );
}
