import type { CacheReason } from '../api/reason.js';
import type { CacheMode } from '../api/status.js';
import type { DoorState } from '../redis/remote.js';

/** The public mode of a door's state. */
export function modeOf(state: DoorState, hasMemory: boolean): CacheMode {
  switch (state.name) {
    case 'closed':
      return 'normal';
    case 'recovering':
    case 'settling':
      return hasMemory ? 'recovering' : 'database-only';
    case 'read-only':
      return 'degraded';
    case 'connecting':
    case 'open':
    case 'half-open':
    case 'shut':
      return hasMemory ? 'degraded' : 'database-only';
  }
}

/** Whether Redis is read in this state. */
export function isReadable({ name }: DoorState): boolean {
  return name === 'closed' || name === 'read-only';
}

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

/** From the best state to the worst. */
const ORDER: readonly DoorState['name'][] = [
  'closed',
  'settling',
  'recovering',
  'read-only',
  'half-open',
  'connecting',
  'open',
  'shut',
];

/** The state of several servers is that of the worst. */
export function worstOf(states: readonly DoorState[]): DoorState {
  const first = states[0] ?? { name: 'shut' };
  return states.reduce((worst, state) => {
    return ORDER.indexOf(state.name) > ORDER.indexOf(worst.name) ? state : worst;
  }, first);
}
