import type { ServerTime, Stamp } from '../../lib/redis/server-time.js';

/** A stamp of so many microseconds. */
export function stampOf(low: number, high = low): Stamp {
  return { low, high, at: 0, epoch: 0 };
}

/** A server whose clock is never set. */
export const STEADY: Pick<ServerTime, 'renewed'> = { renewed: (stamp) => stamp };
