import { CacheHealthError } from '../../core/errors.js';
import { formatDuration } from '../../core/time/duration.js';

/** A load that was refused may be tried again after this long. */
const RETRY_AFTER_SECONDS = 1;

/** How busy a bulkhead is. */
export interface BulkheadLoad {
  readonly running: number;
  readonly queued: number;
}

/**
 * The cache refused this load to protect the database. Express' default error handling answers with
 * `statusCode`; set the header `Retry-After` from `retryAfter` (seconds).
 */
export class CacheOverloadedError extends CacheHealthError {
  readonly statusCode = 503;
  readonly status = 503;
  readonly retryAfter: number = RETRY_AFTER_SECONDS;
  /** Express' own error handler copies these onto the response. */
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': `${RETRY_AFTER_SECONDS}` };

  constructor({ running, queued }: BulkheadLoad, waitedMs = 0) {
    const why =
      waitedMs > 0
        ? `it waited ${formatDuration(waitedMs)} for its turn behind ${loads(running)}`
        : `${running} loads are running and ${queued} wait, which is the most this cache sends to the database at once`;
    super(
      'ERR_CACHE_OVERLOADED',
      `Not loaded: ${why}. Answer 503 with Retry-After, or raise maxConcurrentLoads or maxQueuedLoads.`,
    );
  }
}

const loads = (count: number): string => (count === 1 ? 'another load' : `${count} other loads`);
