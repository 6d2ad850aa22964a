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
