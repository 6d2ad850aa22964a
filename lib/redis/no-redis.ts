import { Histogram } from '../core/diagnostics/histogram.js';
import type { Clock } from '../core/time/clock.js';
import { COMMAND_SECONDS } from './command-seconds.js';
import { ServerClock } from './door/judgement/server-clock.js';
import type { Door, Remote } from './remote.js';

/** The mark of entries that never leave this process. */
const OWN_GENERATION = '000000';

/** A Remote without Redis: it never connects, and memory alone serves. */
export function noRedis(clock: Clock): Remote {
  const door: Door = {
    state: { name: 'closed' },
    reader: undefined,
    writer: undefined,
    time: new ServerClock(clock),
    generation: OWN_GENERATION,
    reign: { life: '', id: '' },
    canSweep: false,
    firstAttempt: undefined,
    isProven: () => true,
    prove: async () => true,
    look: () => undefined,
    bump: async () => OWN_GENERATION,
    report: () => {},
  };
  return {
    commandTimes: new Histogram(COMMAND_SECONDS),
    doors: [],
    doorFor: () => door,
    start: () => {},
    close: () => {},
  };
}
