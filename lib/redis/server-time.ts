/**
 * A moment by the server's clock, in microseconds, with the possible error of the estimate. `low` is the
 * version to store, `high` the limit to compare with. Both grow from stamp to stamp of one process.
 */
export interface Stamp {
  readonly low: number;
  readonly high: number;
  /** The same moment, local and monotonic. */
  readonly at: number;
  /** How often the estimate had turned out wrong until then. */
  readonly epoch: number;
}

export interface ServerTime {
  /** Milliseconds since 1970, by the server. */
  now(): number;
  /** The latest server time it can be now, or at this moment (local, monotonic), in milliseconds. */
  latest(at?: number): number;
  /** The stamp of a change that is called now. Calls of one turn of the event loop share it. Never repeats or goes back after `newTurn`/`raiseFloor`. */
  stamp(): Stamp;
  /** The stamp by the present estimate: raised if the estimate has turned out to be behind. */
  renewed(stamp: Stamp): Stamp;
  /**
   * The highest time that the server's clock has shown, in microseconds, if it was set back and has not caught
   * up yet; otherwise 0.
   */
  readonly ceiling: number;
  /** A reply said that the server's time was `serverMs`, at some moment since `sentAt` (local, monotonic). */
  observe(serverMs: number, sentAt: number): void;
  /** This process has seen this version. Its later changes are newer, whatever the estimate says. */
  saw(version: number): void;
  /** The next stamp lies above `micros`. */
  raiseFloor(micros: number): void;
}
