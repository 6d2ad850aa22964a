import type { LoadError, Lookup } from '../../lib/api/events.js';
import type { LoadOutcome } from '../../lib/api/metrics.js';
import type { CacheMode } from '../../lib/api/status.js';
import type { EvictionReason } from '../../lib/memory/memory-tier.js';
import type { Failure } from '../../lib/redis/failure.js';
import type { DoorState } from '../../lib/redis/remote.js';
import { modeOf } from '../../lib/tiers/mode.js';
import type { ErrorKind, Observer, Outcome, SharedBy } from '../../lib/tiers/observer.js';

/** Keeps what it was told, for tests to look at. */
export class FakeObserver implements Observer {
  /** Everything except lookups, loads and attempts, in order: `stored 1`, `failed probe`, `door open`. */
  readonly told: string[] = [];
  readonly lookups: Lookup[] = [];
  /** The keys for which loaders began to run. */
  readonly loads: string[] = [];
  readonly loadFailures: LoadError[] = [];
  /** Attempts to connect, by their end. */
  readonly attempts = { ok: 0, error: 0 };
  /** Callers that shared a load: `flight 1`. */
  readonly shared: string[] = [];
  /** How loads ended: `ok`, or `refused, not run`. */
  readonly ended: string[] = [];
  /** The ages of near hits that were compared with Redis. */
  readonly nearAges: number[] = [];
  readonly failures: (Failure | undefined)[] = [];
  /** The modes that the door went into. A close is none. */
  readonly modes: CacheMode[] = [];
  /** How many values were stored, and how many deletes and clears were called. */
  sets = 0;
  deletes = 0;

  /** How often something of these words was told. */
  count(...words: string[]): number {
    return this.told.filter((line) => words.includes(line)).length;
  }

  looked(key: string, outcome: Outcome, tier: Lookup['tier']): void {
    this.lookups.push(tier === undefined ? { key, outcome } : { key, outcome, tier });
  }

  nearChecked(ageMs: number): void {
    this.nearAges.push(ageMs);
  }

  stored(count: number): void {
    this.sets += count;
    this.told.push(`stored ${count}`);
  }

  removed(count: number): void {
    this.deletes += count;
    this.told.push(`removed ${count}`);
  }

  failed(kind: ErrorKind, failure: Failure | undefined): void {
    this.failures.push(failure);
    this.told.push(`failed ${kind}`);
  }

  attempted(isOk: boolean): void {
    this.attempts[isOk ? 'ok' : 'error']++;
  }

  replayed(count: number): void {
    this.told.push(`replayed ${count}`);
  }

  evicted(reason: EvictionReason): void {
    this.told.push(`evicted ${reason}`);
  }

  coalesced(by: SharedBy, count: number): void {
    this.shared.push(`${by} ${count}`);
  }

  loaded(outcome: LoadOutcome, ms: number | undefined): void {
    this.ended.push(ms === undefined ? `${outcome}, not run` : outcome);
  }

  loading(key: string): void {
    this.loads.push(key);
  }

  loadFailed(event: LoadError): void {
    this.loadFailures.push(event);
  }

  journalOverflowed(): void {
    this.told.push('overflowed');
  }

  dataLost(): void {
    this.told.push('data lost');
  }

  valueTooLarge(key: string, bytes: number): void {
    this.told.push(`too large ${key} ${bytes}`);
  }

  doorChanged(state: DoorState, previous: DoorState): void {
    this.told.push(`door ${state.name}`);
    if (state.name === 'shut') return;
    const mode = modeOf(state, true);
    if (mode !== modeOf(previous, true)) this.modes.push(mode);
  }
}
