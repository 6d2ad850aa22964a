/** A share that was measured or simulated, and the interval that holds the true one in 95 of 100 cases. */
export interface ShareEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What lifetimes of a group would cost, by simulation of what its loads have shown. */
export interface LifetimeEstimate {
  /** The share of reads that would get a value that is not the current one. */
  readonly stale: ShareEstimate;
  /** Runs of the loader for one read. */
  readonly loadsPerRead: number;
}

/** The same lifetime for all keys: the present one times `factor`. */
export interface FixedLifetime extends LifetimeEstimate {
  readonly factor: number;
  /** Milliseconds; typical, if calls give different ones. */
  readonly ttlMs: number;
}

/**
 * What becomes of the lifetimes of a group.
 * - `observes`: they are the user's: the option `freshness.targets` does not name the group.
 * - `waits`: the user's, because too few loads and changes were seen.
 * - `keeps`: the user's, because nothing else is better.
 * - `learned`: each key gets its own.
 * - `misses`: the user's, because none that is allowed keeps the target.
 * - `reverted`: the user's for a while, because audits found too many stale hits with the learned ones.
 */
export type LearningState = 'observes' | 'waits' | 'keeps' | 'learned' | 'misses' | 'reverted';

/** What a process knows of the freshness of one group of keys. */
export interface GroupFreshness {
  /** What its keys begin with. */
  readonly group: string;
  /** Reads with a loader. Above a thousand they are estimated from a random sample. */
  readonly reads: number;
  /** Values that loaders made, audits included. */
  readonly loads: number;
  /** The share of reads that got a value that was not the current one, by audits; `null` before the first audit. */
  readonly stale: ShareEstimate | null;
  readonly audits: { readonly fresh: number; readonly stale: number };
  /** Loads of keys that had been loaded before, how many showed another value, and the median time between changes. */
  readonly changes: {
    readonly reloads: number;
    readonly changed: number;
    readonly medianGapMs: number | null;
  };
  /** From a quarter to four times the present lifetime. Empty before a reload. */
  readonly lifetimes: readonly FixedLifetime[];
  /** A lifetime of its own for each key: the best that was simulated for the target; `null`: none was better. */
  readonly learned: LifetimeEstimate | null;
  /** The share of reads that may be stale: of the option, else 0.01. */
  readonly target: number;
  readonly state: LearningState;
  /** What to do, in a sentence. */
  readonly advice: string;
}

/** Plain data. Counts are those of this process since the cache was created. */
export interface FreshnessReport {
  /** ISO 8601. */
  readonly at: string;
  /** One for each group of the option `freshness`; none while it is off. */
  readonly groups: readonly GroupFreshness[];
}

/** `cache.freshness`. */
export interface CacheFreshness {
  /** What audits and loads have taught of each group. Synchronous. Never contacts Redis. */
  report(): FreshnessReport;
}
