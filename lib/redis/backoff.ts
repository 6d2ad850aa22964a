export const SHORTEST_PAUSE_MS = 50;
const LONGEST_MS = 5_000;

/**
 * The pause before the next connection attempt: an eighth of the trouble so far, from 50 ms to 5 s, of
 * which a random half is taken off so that a fleet does not return as one ("equal jitter", Brooker,
 * "Exponential Backoff and Jitter", 2015). A repair is thus noticed within an eighth of the outage.
 */
export function pauseMs(troubleMs: number, random: number = Math.random()): number {
  const longest = Math.min(LONGEST_MS, Math.max(SHORTEST_PAUSE_MS, troubleMs / 8));
  return longest / 2 + (longest / 2) * random;
}
