import type { CacheReason } from '../../api/reason.js';
import type { CacheMode } from '../../api/status.js';
import { type DoorState, reasonOf } from '../../redis/door/door-state.js';
import type { CacheContext } from '../../tiers/context.js';

/** What people are told of the door's state. */
export function modeOf(state: DoorState | undefined, hasMemory: boolean): CacheMode {
  switch (state?.name) {
    case undefined:
      return hasMemory ? 'normal' : 'database-only';
    case 'closed':
      return 'normal';
    case 'recovering':
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

export function currentMode(context: CacheContext): CacheMode {
  return modeOf(context.door?.state, context.standby !== undefined);
}

export function currentReason(context: CacheContext): CacheReason | undefined {
  return context.door === undefined ? undefined : reasonOf(context.door.state);
}
