import type { Failure } from '../redis/failure.js';
import type { DoorState } from '../redis/remote.js';

export type Outcome = 'hit' | 'stale' | 'miss';
export type ErrorKind = 'command' | 'connect' | 'probe' | 'decode';

export interface Observer {
  /** A key was read. `tier` is absent for a miss. */
  looked(key: string, outcome: Outcome, tier: 'redis' | 'memory' | undefined): void;
  /** Values were put into the cache, by `set` or by a loader. */
  stored(count: number): void;
  /** Deletes and clears were called (one per key of deleteMany). */
  removed(count: number): void;
  /** Redis failed: `probe` is a background attempt or heartbeat during a known outage and is not part of `errors`. */
  failed(kind: ErrorKind, failure: Failure | undefined): void;
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
