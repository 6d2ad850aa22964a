import type { CacheReason } from '../../api/reason.js';
import { reasonOf } from '../door-state.js';
import type { DoorState } from '../remote.js';

/** The events of a door. */
export type DoorEvent =
  /** The pause is over, or an adopted client is ready: an attempt begins. */
  | { readonly name: 'attempt' }
  /** The probe passed and the reign is known, on a new connection or again on the living one. */
  | { readonly name: 'judged'; readonly reason: CacheReason }
  /** The journal is replayed, and the reign is too young to be read. */
  | { readonly name: 'settle'; readonly until: number }
  /** The journal is replayed, and the reign is old enough. */
  | { readonly name: 'admit' }
  /** Redis refuses writes. Its data was judged and is not older, or is proven before each read. */
  | {
      readonly name: 'refuse-writes';
      readonly reason: CacheReason;
      readonly nextAttemptAt: number;
    }
  /** There is no usable connection. */
  | { readonly name: 'fail'; readonly reason: CacheReason; readonly nextAttemptAt: number }
  | { readonly name: 'close' };

/** Decides the next state. If an event has no meaning in a state, returns that same state object. */
export function transition(state: DoorState, event: DoorEvent): DoorState {
  if (state.name === 'shut') return state;
  switch (event.name) {
    case 'attempt':
      return state.name === 'open' ? { name: 'half-open', reason: state.reason } : state;
    case 'judged':
      return judged(state, event.reason);
    case 'settle':
      return state.name === 'recovering'
        ? { name: 'settling', reason: state.reason, until: event.until }
        : state;
    case 'admit':
      return state.name === 'recovering' || state.name === 'settling' ? { name: 'closed' } : state;
    case 'refuse-writes':
      return readOnly(state, event.reason, event.nextAttemptAt);
    case 'fail':
      return { name: 'open', reason: event.reason, nextAttemptAt: event.nextAttemptAt };
    case 'close':
      return { name: 'shut' };
  }
}

function judged(state: DoorState, reason: CacheReason): DoorState {
  switch (state.name) {
    case 'connecting':
    case 'half-open':
    case 'settling':
    case 'read-only':
    case 'closed':
      return { name: 'recovering', reason: reasonOf(state) ?? reason };
    default:
      return state;
  }
}

/** We do not read a reign that is being replayed or has not settled, so it cannot become read-only. */
function readOnly(state: DoorState, reason: CacheReason, nextAttemptAt: number): DoorState {
  switch (state.name) {
    case 'connecting':
    case 'half-open':
    case 'read-only':
    case 'closed':
      return { name: 'read-only', reason, nextAttemptAt };
    default:
      return state;
  }
}
