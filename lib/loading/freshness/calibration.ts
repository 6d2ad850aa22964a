/** An audit counts this much less with each that follows: half after 700. */
const FADING = 0.999;

/** So many stale hits, as simulated, are added to both sides: a few audits say little. */
const DOUBT = 6;

/** Audits do not correct the simulation by more than this, up or down. */
const MOST = 2;
const LEAST = 2 / 3;

/**
 * How far the simulation is from the truth: the stale hits that audits find, divided by those that it foretold for the
 * policy in use. The simulation cannot know when in an interval a value changed, or that loads and changes go together.
 */
export class Calibration {
  #found = 0;
  #foretold = 0;

  /** `share`: of hits that would be stale, by simulation. */
  audited(isStale: boolean, share: number): void {
    this.#found = FADING * this.#found + Number(isStale);
    this.#foretold = FADING * this.#foretold + share;
  }

  /** Simulated shares of stale reads are to be multiplied by this. */
  get factor(): number {
    const foretold = this.#foretold + DOUBT;
    const factor = (this.#found + DOUBT) / foretold;
    if (factor >= 1) return Math.min(MOST, factor);
    // Longer lifetimes need more than luck: one standard error.
    return Math.min(1, Math.max(LEAST, factor + Math.sqrt(this.#found) / foretold));
  }
}
