/** The stable codes of the errors this package throws; each has a heading in docs/errors.md. */
export type ErrorCode =
  | 'ERR_CACHE_OPTION'
  | 'ERR_CACHE_KEY'
  | 'ERR_CACHE_TAG'
  | 'ERR_CACHE_VALUE'
  | 'ERR_CACHE_LOADER'
  | 'ERR_CACHE_LOADER_TIMEOUT'
  | 'ERR_CACHE_LOADER_CYCLE'
  | 'ERR_CACHE_OVERLOADED'
  | 'ERR_CACHE_CLOSED'
  | 'ERR_HEALTH_OPTION';

/** The page that explains every message. It is part of the package, so an editor opens it from node_modules. */
const PAGE = 'express-cache-health/docs/errors.md';

/** `text`, and where the documents explain it: a heading of docs/errors.md, as GitHub writes it in an address. */
export function withAddress(text: string, heading: string): string {
  const sentence = /[.!?…]$/.test(text) ? text : `${text}.`;
  return `${sentence} See ${PAGE}#${heading}`;
}

/**
 * An error of this package. Tell them apart by `code`, which never changes, not by the message. The message ends
 * with the address of the code's heading in docs/errors.md.
 */
export class CacheHealthError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(withAddress(message, code.toLowerCase()), options);
    this.name = 'CacheHealthError';
    this.code = code;
  }
}

/** Whether `error` is one of this package's own, also when two copies of the package are installed. */
export function isCacheHealthError(error: unknown): error is CacheHealthError {
  return error instanceof Error && error.name === 'CacheHealthError' && 'code' in error;
}
