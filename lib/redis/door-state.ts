import type { CacheReason } from '../api/reason.js';
import type { DoorState } from './remote.js';

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

/** Replies of Redis may be believed. */
export function isReadable(state: DoorState): boolean {
  return state.name === 'closed' || state.name === 'read-only';
}

/** Redis takes changes. */
export function isWritable(state: DoorState): boolean {
  return state.name === 'closed' || state.name === 'settling';
}

/** An outage was reported. Further attempts are its probes. */
export function isKnownOutage(state: DoorState): boolean {
  return state.name === 'open' || state.name === 'half-open' || state.name === 'read-only';
}
