import type { LoadOutcome } from '../../api/metrics.js';
import type { LoaderCall } from '../flight/loader-call.js';
import type { LoadResult } from '../loader-source.js';

/** How a load ended whose loader returned. */
export function successOf(results: readonly LoadResult[]): LoadOutcome {
  if (results.some(({ kind }) => kind === 'failed')) return 'error';
  const [only] = results;
  const isSkipped = results.length === 1 && only?.kind === 'value' && only.ttlMs === undefined;
  return isSkipped ? 'skipped' : 'ok';
}

/** How a load ended that failed. `hasEnded`: it was ended from outside. */
export function failureOf(
  { hasRun, hasTimedOut }: Pick<LoaderCall, 'hasRun' | 'hasTimedOut'>,
  hasEnded: boolean,
): LoadOutcome {
  if (hasEnded) return 'abandoned';
  // Nothing else keeps a load that callers wait for from running.
  if (!hasRun) return 'refused';
  return hasTimedOut ? 'timeout' : 'error';
}
