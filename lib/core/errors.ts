/** The stable codes of the errors this package throws; each has a heading in docs/errors.md. */
export type ErrorCode =
  | 'ERR_CACHE_OPTION'
  | 'ERR_CACHE_KEY'
  | 'ERR_CACHE_VALUE'
  | 'ERR_CACHE_LOADER'
  | 'ERR_CACHE_LOADER_TIMEOUT'
  | 'ERR_CACHE_LOADER_CYCLE'
  | 'ERR_CACHE_OVERLOADED'
  | 'ERR_CACHE_CLOSED'
  | 'ERR_HEALTH_OPTION';

/** An error of this package. Tell them apart by `code`, which never changes, not by the message. */
export class CacheHealthError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CacheHealthError';
    this.code = code;
  }
}

/** Whether `error` is one of this package's own, also when two copies of the package are installed. */
export function isCacheHealthError(error: unknown): error is CacheHealthError {
  return error instanceof Error && error.name === 'CacheHealthError' && 'code' in error;
}
