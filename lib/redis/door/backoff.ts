export const SHORTEST_PAUSE_MS = 50;
const LONGEST_MS = 5_000;

/** Trouble that returns sooner goes on where it was. */
const FORGIVEN_AFTER_MS = 5_000;

/** Trouble that a time in which all was well makes up for. */
const RECOVERY_FACTOR = 4;

/**
 * How long to wait before Redis is tried again.
 *
 * Invariants: pauses grow with the trouble so far, so that a Redis which comes and goes is tried ever less
 * often; a second in which all was well makes up for four of trouble, and 5 s for any.
 */
export class Backoff {
  /** Earlier than it began, by what is left of earlier trouble. */
  #since: number;

  /** Trouble begins `now`: local, monotonic milliseconds, as everywhere here. */
  constructor(now: number) {
    this.#since = now;
  }

  /** Trouble returns `now`, after all was well from `wellSince`. */
  returns(now: number, wellSince: number): void {
    const wellMs = now - wellSince;
    const later = this.#since + wellMs + RECOVERY_FACTOR * wellMs;
    this.#since = wellMs > FORGIVEN_AFTER_MS ? now : Math.min(now, later);
  }

  /**
   * The pause before the next attempt: an eighth of the trouble so far, from 50 ms to 5 s, of which a random
   * half is taken off so that a fleet does not return as one ("equal jitter", Brooker, "Exponential Backoff
   * and Jitter", 2015). A repair is thus noticed within an eighth of the outage.
   */
  pauseMs(now: number, random: number = Math.random()): number {
    const eighth = (now - this.#since) / 8;
    const longest = Math.min(LONGEST_MS, Math.max(SHORTEST_PAUSE_MS, eighth));
    return longest / 2 + (longest / 2) * random;
  }
}
