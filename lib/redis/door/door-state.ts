import type { CacheReason } from '../../api/reason.js';
import type { Session } from '../commands/session.js';

/**
 * What may be asked of Redis right now.
 *
 * - `connecting`: the first attempt of the door's life is under way.
 * - `open`: nothing is sent; `nextAttemptAt` (local, monotonic) is when a connection is tried again.
 * - `half-open`: a connection is being made and probed.
 * - `recovering`: the probe passed; the journal is being replayed; reads and writes still wait.
 * - `read-only`: Redis refuses writes and is read.
 * - `closed`: all is well.
 * - `shut`: the cache was closed.
 *
 * (`open` and `closed` are a circuit breaker's: an open circuit lets nothing through.)
 */
export type DoorState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open'; readonly reason: CacheReason; readonly nextAttemptAt: number }
  | { readonly name: 'half-open'; readonly reason: CacheReason }
  | { readonly name: 'recovering'; readonly reason: CacheReason; readonly session: Session }
  | {
      readonly name: 'read-only';
      readonly reason: CacheReason;
      readonly session: Session;
      readonly nextAttemptAt: number;
    }
  | { readonly name: 'closed'; readonly session: Session }
  | { readonly name: 'shut' };

/** Why Redis is not (fully) used; `undefined` while it is. */
export function reasonOf(state: DoorState): CacheReason | undefined {
  switch (state.name) {
    case 'connecting':
      return 'connecting';
    case 'shut':
      return 'closed';
    case 'closed':
      return undefined;
    default:
      return state.reason;
  }
}

export function sessionOf(state: DoorState): Session | undefined {
  switch (state.name) {
    case 'recovering':
    case 'read-only':
    case 'closed':
      return state.session;
    default:
      return undefined;
  }
}
