import type { CacheReason } from './reason.js';
import type { CacheMode } from './status.js';

/** A loader failed, or took too long. `isStaleServed`: there was a stale value for its callers. */
export interface LoadError {
  readonly key: string;
  readonly error: unknown;
  readonly isStaleServed: boolean;
}

export interface ModeChange {
  readonly from: CacheMode;
  readonly to: CacheMode;
  readonly reason?: CacheReason;
  /** Milliseconds spent in `from`. */
  readonly durationMs: number;
}

/** One answered read. `stale`: found past its ttl and served within its grace. */
export interface Lookup {
  readonly key: string;
  readonly outcome: 'hit' | 'stale' | 'miss';
  /** Which tier answered; absent for a miss. */
  readonly tier?: 'near' | 'redis' | 'memory';
}

/** Every event of a cache. A listener that throws harms no call and no other listener. */
export interface CacheEvents {
  readonly modechange: ModeChange;
  readonly lookup: Lookup;
  readonly loaderror: LoadError;
}
