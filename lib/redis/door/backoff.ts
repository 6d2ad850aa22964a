export const SHORTEST_PAUSE_MS = 50;
const LONGEST_MS = 5_000;

/** The longest pause while something waits to be replayed. It is part of the settling time. */
export const LONGEST_WITH_WORK_MS = 500;

/** A failure within this time continues the previous backoff. */
const FORGIVEN_AFTER_MS = 5_000;

/** Each healthy second cancels this many failed ones. */
const RECOVERY_FACTOR = 4;

export interface PauseOptions {
  /** Something waits to be replayed, so other processes rely on this one to return soon. */
  readonly hasWork: boolean;
  /** @default Math.random() */
  readonly random?: number;
}

/**
 * Decides how long to wait before we try Redis again.
 *
 * Invariants: pauses grow with the outage so far, so that we try a Redis which comes and goes less and less
 * often; a healthy second cancels four seconds of outage, and five healthy seconds cancel all of it.
 */
export class Backoff {
  /** When the outage began, or earlier by what is left of earlier outages. */
  #since: number;

  /** An outage begins `now`: local, monotonic milliseconds, as everywhere here. */
  constructor(now: number) {
    this.#since = now;
  }

  /** Another outage begins `now`, after a healthy time since `wellSince`. */
  returns(now: number, wellSince: number): void {
    const wellMs = now - wellSince;
    const later = this.#since + wellMs + RECOVERY_FACTOR * wellMs;
    this.#since = wellMs > FORGIVEN_AFTER_MS ? now : Math.min(now, later);
  }

  /**
   * The pause before the next attempt: an eighth of the outage so far, from 50 ms to 5 s. Up to a random half
   * is subtracted, so that a fleet does not return at one moment ("equal jitter", Brooker, "Exponential Backoff
   * and Jitter", 2015). So we notice a repair within an eighth of the outage.
   */
  pauseMs(now: number, { hasWork, random = Math.random() }: PauseOptions): number {
    const limit = hasWork ? LONGEST_WITH_WORK_MS : LONGEST_MS;
    const longest = Math.min(limit, Math.max(SHORTEST_PAUSE_MS, (now - this.#since) / 8));
    return longest / 2 + (longest / 2) * random;
  }
}
