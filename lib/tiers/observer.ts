import type { LoadOutcome } from '../api/metrics.js';
import type { EvictionReason } from '../memory/memory-tier.js';
import type { Failure } from '../redis/failure.js';
import type { DoorState } from '../redis/remote.js';

export type Outcome = 'hit' | 'stale' | 'miss';
export type ErrorKind = 'command' | 'connect' | 'probe' | 'decode';
/** Whose load a caller shared: that of this process, or of another one. */
export type SharedBy = 'flight' | 'lease';

export interface Observer {
  /** A key was read. `tier` is absent for a miss. */
  looked(key: string, outcome: Outcome, tier: 'near' | 'redis' | 'memory' | undefined): void;
  /** A near hit was compared with Redis. `ageMs`: for how long its value had not been the current one. */
  nearChecked(ageMs: number): void;
  /** Values were put into the cache, by `set` or by a loader. */
  stored(count: number): void;
  /** Deletes and clears were called (one per key of deleteMany). */
  removed(count: number): void;
  /** Redis failed: `probe` is a background attempt or heartbeat during a known outage and is not part of `errors`. */
  failed(kind: ErrorKind, failure: Failure | undefined): void;
  /** An attempt to connect to Redis and to prove its data has ended. */
  attempted(isOk: boolean): void;
  /** Redis acknowledged this many writes of the journal. */
  replayed(count: number): void;
  /** Memory pushed an entry out. */
  evicted(reason: EvictionReason): void;
  /** Callers shared a load. */
  coalesced(by: SharedBy, count: number): void;
  /** A load has ended. `ms`: how long the loader took; absent if it did not run. */
  loaded(outcome: LoadOutcome, ms: number | undefined): void;
  /** A loader begins to run for a key. */
  loading(key: string): void;
  /** A loader failed or took too long. */
  loadFailed(event: {
    readonly key: string;
    readonly error: unknown;
    readonly isStaleServed: boolean;
  }): void;
  journalOverflowed(): void;
  /** Redis came back without writes that it had acknowledged. */
  dataLost(): void;
  /** A value is larger than `maxValueBytes` and is not stored. */
  valueTooLarge(key: string, bytes: number): void;
  doorChanged(state: DoorState, previous: DoorState): void;
}
