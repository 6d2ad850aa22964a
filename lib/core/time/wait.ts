import type { Clock } from './clock.js';

/** How long a caller waits at most. */
export interface Limit {
  readonly clock: Clock;
  readonly ms: number;
}

/** Resolves after `ms`. The process stays alive until then. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, ms, { ref: true });
  });
}

/**
 * Waits for the promise, but not longer than the limit: then settles with what `late()` returns or throws. The
 * timer ends with the wait. A rejection after that is ignored.
 */
export async function within<T, L>(
  promise: Promise<T>,
  limit: Limit,
  late: () => L,
): Promise<T | L> {
  let cancel = (): void => {};
  const deadline = new Promise<typeof LATE>((resolve) => {
    cancel = limit.clock.setTimer(() => resolve(LATE), limit.ms, { ref: true }).cancel;
  });
  try {
    const first = await Promise.race([promise, deadline]);
    return first === LATE ? late() : first;
  } finally {
    cancel();
  }
}

const LATE: unique symbol = Symbol('late');

/** Waits for the promise, or rejects with the signal's reason. Leaves no listener on the signal. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
