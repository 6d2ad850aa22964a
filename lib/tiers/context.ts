import type { Clock } from '../core/clock.js';
import type { RedisDoor } from '../redis/door/door.js';
import type { ServerClock } from '../redis/door/server-clock.js';
import type { Failure } from '../redis/failure.js';
import type { Journal } from './ledger/journal.js';
import type { LocalChanges } from './ledger/local-changes.js';
import type { UnconfirmedWrites } from './ledger/unconfirmed-writes.js';
import type { Metrics } from './metrics.js';
import type { Standby } from './standby.js';
import type { TierConfig } from './tier-options.js';

/** The parts of one cache, wired once by create-cache.ts. */
export interface CacheContext<Config extends TierConfig = TierConfig> {
  readonly config: Config;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** Absent with `redis: false`. */
  readonly door: RedisDoor | undefined;
  /** Absent with `memory: false`. */
  readonly standby: Standby | undefined;
  readonly journal: Journal;
  readonly localChanges: LocalChanges;
  readonly unconfirmed: UnconfirmedWrites;
  readonly metrics: Metrics;
  /** When the cache was made (local, monotonic). */
  readonly bornAt: number;
  /** The mark that entries must carry. */
  generation(): string;
  /** A journal entry was made while Redis can be written: replay it soon. */
  scheduleReplay(): void;
  /** The journal overflowed: say so. */
  onOverflow(): void;
}

/** The complete key in Redis. */
export function redisKey(context: CacheContext, key: string): string {
  return context.config.prefix + key;
}

/** Journals a write that Redis has not acknowledged. */
export function defer(context: CacheContext, key: string, op: 'set' | 'delete' | 'load'): void {
  if (context.door === undefined) return;
  if (context.journal.record(key, op, context.clock.now())) context.onOverflow();
  context.scheduleReplay();
}

/**
 * Waits until the first connection attempt has ended, or the cache is one `commandTimeout` old: what is
 * asked of a cache that was made a moment ago goes to Redis.
 */
export async function firstAttempt(context: CacheContext): Promise<void> {
  const attempt = context.door?.untilFirstAttempt;
  const leftMs = context.bornAt + context.config.commandTimeoutMs - context.clock.now();
  if (attempt === undefined || leftMs <= 0) return;
  let cancel = (): void => {};
  const deadline = new Promise<void>((resolve) => {
    cancel = context.clock.setTimer(resolve, leftMs, { ref: true }).cancel;
  });
  await Promise.race([attempt, deadline]);
  cancel();
}

export function reportFailure(context: CacheContext, failure: Failure, bytes = 0): void {
  context.door?.report(failure, bytes);
}
