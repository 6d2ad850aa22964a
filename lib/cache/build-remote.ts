import type { Clock } from '../core/clock.js';
import type { Remote } from '../redis/remote.js';
import type { CacheConfig } from './options.js';

/** Redis as configured. */
export function buildRemote(config: CacheConfig, clock: Clock): Remote {
  if (config.redis === undefined) return noRedis(clock);
  throw new Error('not wired yet');
}

/** No Redis: nothing connects, and memory alone serves. */
function noRedis(clock: Clock): Remote {
  let last = 0;
  const now = (): number => clock.wallNow();
  const door: Remote['doors'][number] = {
    state: { name: 'closed' },
    reader: undefined,
    writer: undefined,
    generation: '000000',
    reign: { life: '', id: '' },
    firstAttempt: undefined,
    time: {
      now,
      latest: now,
      raiseFloor(micros) {
        last = Math.max(last, micros);
      },
      stamp() {
        last = Math.max(last + 1, Math.round(now() * 1_000));
        return { low: last, high: last };
      },
    },
    isProven: () => true,
    prove: async () => true,
    bump: async () => '000000',
    report() {},
    canSweep: false,
  } as Remote['doors'][number];
  return { doors: [], doorFor: () => door, start() {}, close() {} };
}
