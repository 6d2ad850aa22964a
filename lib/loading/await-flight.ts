import type { Clock } from '../core/clock.js';
import type { Flight } from './flight.js';
import type { SharedValue } from './shared-value.js';

/** What one caller of a flight is ready to wait for. */
export interface Patience {
  readonly clock: Clock;
  /** What the caller may be given instead, while it may still be given. */
  readonly stale: { readonly sharedValue: SharedValue; isUsable(): boolean } | undefined;
  /** How long to wait with a stale value at hand. */
  readonly softTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One caller's wait for a flight. With a stale value at hand it ends after `softTimeout`, or with a
 * failed load, in that value, unless the key was changed meanwhile; without one it ends with the load.
 * The caller's signal ends the wait and nothing else.
 */
export async function awaitFlight(flight: Flight, patience: Patience): Promise<SharedValue> {
  const { signal } = patience;
  flight.join();
  const answer = settle(flight, patience);
  try {
    return await (signal === undefined ? answer : orAborted(answer, signal));
  } finally {
    flight.leave();
  }
}

async function settle(flight: Flight, patience: Patience): Promise<SharedValue> {
  const { stale, softTimeoutMs } = patience;
  if (stale === undefined) return flight.load;
  const mayServe = (): boolean => !flight.isVoid && stale.isUsable();
  const orStale = flight.load.catch((error: unknown) => {
    if (mayServe()) return stale.sharedValue;
    throw error;
  });
  if (softTimeoutMs === Number.POSITIVE_INFINITY) return orStale;
  if (softTimeoutMs > 0) await firstOf(orStale, patience);
  if (flight.isOver || !mayServe()) return orStale;
  flight.keep();
  // Nobody waits for this copy of the promise: the load's own failure is reported as an event.
  orStale.catch(() => {});
  return stale.sharedValue;
}

/** Settles with the load or after the soft time-out, whichever is first. Never rejects. */
async function firstOf(load: Promise<SharedValue>, patience: Patience): Promise<void> {
  let cancel = (): void => {};
  const impatience = new Promise<void>((resolve) => {
    const { clock, softTimeoutMs } = patience;
    cancel = clock.setTimer(resolve, softTimeoutMs, { ref: true }).cancel;
  });
  const landed = load.then(
    () => {},
    () => {},
  );
  await Promise.race([landed, impatience]);
  cancel();
}

async function orAborted(answer: Promise<SharedValue>, signal: AbortSignal): Promise<SharedValue> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    answer.catch(() => {});
  }
}
