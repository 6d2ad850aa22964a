import { traced, WAITS, type WaitMessage } from '../../core/diagnostics/channels.js';
import type { Seat } from './await-flights.js';

/** Publishes that a caller waits for loads which other callers began. */
export function tracedWait<T>(
  cache: string,
  seats: readonly Seat[],
  wait: () => Promise<T>,
): Promise<T> {
  if (!WAITS.hasSubscribers) return wait();
  const message: WaitMessage = {
    cache,
    keys: seats.length,
    key: (seats[0] as Seat).flight.key,
    loads: [],
  };
  return traced(WAITS, message, async () => {
    try {
      return await wait();
    } finally {
      // A load begins after its flight, when it has the lease.
      message.loads = [...new Set(seats.flatMap(({ flight }) => flight.trace ?? []))];
    }
  });
}
