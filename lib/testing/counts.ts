import type { Observer, Outcome } from '../tiers/observer.js';
import type { Found } from '../tiers/store.js';

/** How often a key was looked up and loaded. */
export interface TestCounts {
  /** Lookups that found a value, a stale one included. */
  readonly hits: number;
  /** Hits whose value was past its ttl. */
  readonly staleHits: number;
  readonly misses: number;
  /** Hits that Redis answered. */
  readonly fromRedis: number;
  /** Hits that memory answered. */
  readonly fromMemory: number;
  /** Runs of a loader. One run of a loader for many keys counts once for each of them. */
  readonly loads: number;
}

type Counting = { -readonly [Name in keyof TestCounts]: number };

/** Counts the lookups and loads of one cache by key. */
export class Counts {
  readonly #byKey = new Map<string, Counting>();

  /** Counts what an observer gets. */
  watch(observer: Observer): Observer {
    const looked = (key: string, outcome: Outcome, tier: Found['tier'] | undefined): void => {
      this.#looked(key, outcome, tier);
      observer.looked(key, outcome, tier);
    };
    const loading = (key: string): void => {
      this.#of(key).loads++;
      observer.loading(key);
    };
    return {
      looked,
      loading,
      nearChecked: (ageMs) => observer.nearChecked(ageMs),
      stored: (count) => observer.stored(count),
      removed: (count) => observer.removed(count),
      failed: (kind, failure) => observer.failed(kind, failure),
      attempted: (isOk) => observer.attempted(isOk),
      replayed: (count) => observer.replayed(count),
      evicted: (reason) => observer.evicted(reason),
      coalesced: (by, count) => observer.coalesced(by, count),
      loaded: (outcome, ms) => observer.loaded(outcome, ms),
      loadFailed: (event) => observer.loadFailed(event),
      journalOverflowed: () => observer.journalOverflowed(),
      dataLost: () => observer.dataLost(),
      valueTooLarge: (key, bytes) => observer.valueTooLarge(key, bytes),
      doorChanged: (state, previous) => observer.doorChanged(state, previous),
    };
  }

  /** A snapshot of one key, or of all keys together. `scope`: what complete keys of the namespace begin with. */
  read(scope: string, key: string | undefined): TestCounts {
    if (key !== undefined) return { ...none(), ...this.#byKey.get(scope + key) };
    const sum = none();
    for (const [full, counts] of this.#byKey) {
      if (!full.startsWith(scope)) continue;
      for (const name of Object.keys(sum) as (keyof TestCounts)[]) sum[name] += counts[name];
    }
    return sum;
  }

  reset(scope: string): void {
    for (const key of this.#byKey.keys()) if (key.startsWith(scope)) this.#byKey.delete(key);
  }

  #looked(key: string, outcome: Outcome, tier: Found['tier'] | undefined): void {
    const counts = this.#of(key);
    if (outcome === 'miss') {
      counts.misses++;
      return;
    }
    counts.hits++;
    if (outcome === 'stale') counts.staleHits++;
    if (tier === 'redis') counts.fromRedis++;
    if (tier === 'memory' || tier === 'near') counts.fromMemory++;
  }

  #of(key: string): Counting {
    const counts = this.#byKey.get(key) ?? none();
    this.#byKey.set(key, counts);
    return counts;
  }
}

function none(): Counting {
  return { hits: 0, staleHits: 0, misses: 0, fromRedis: 0, fromMemory: 0, loads: 0 };
}
