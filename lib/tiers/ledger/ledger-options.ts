import type { Clock } from '../../core/time/clock.js';
import type { ServerTime, Stamp } from '../../redis/server-time.js';
import type { Acknowledged } from './acknowledged.js';
import type { JournalEntry } from './journal.js';

export interface LedgerOptions {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, 'renewed'>;
  /** The most changes kept for Redis. */
  readonly max: number;
  /** How long after its sending a write of a lost connection may still run. */
  readonly lateWritesMs: number;
  /** The journal collapsed into one change of generation. */
  readonly onOverflow: () => void;
}

/** A mark of what was recorded before a change of generation. */
export interface FlushMark {
  readonly seq: number;
  readonly patternSeq: number;
  readonly clearedAll: Stamp | undefined;
}

/** What a ledger knows of some keys. */
export interface Known {
  readonly entries: readonly (readonly [string, JournalEntry])[];
  readonly acknowledged: readonly (readonly [string, Acknowledged])[];
}

/** What a door that gets slots of another one must know of that one's keys. */
export interface Legacy {
  readonly patterns: readonly (readonly [string, Stamp])[];
  /** Everything was cleared, or is to be. */
  readonly clearedAll: Stamp | undefined;
  /** How often single changes were forgotten: they are in no list. */
  readonly forgotten: number;
}
