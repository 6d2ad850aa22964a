import { Turns } from '../../lib/core/time/turns.js';
import { GRACED_PAYLOAD_AT, KIND_AT, PAYLOAD_AT } from '../../lib/entry/layout.js';
import type { Share } from '../../lib/entry/sharing.js';
import { MemoryTier } from '../../lib/memory/memory-tier.js';
import { Shards } from '../../lib/tiers/shards.js';
import { MemoryStandby, NO_STANDBY, type Standby } from '../../lib/tiers/standby.js';
import type { Found, NewValue } from '../../lib/tiers/store.js';
import type { TierConfig } from '../../lib/tiers/tier-options.js';
import { TieredStore } from '../../lib/tiers/tiered-store.js';
import { FakeDoor, FakeRemote, PREFIX } from './fake-door.js';
import { FakeObserver } from './fake-observer.js';
import { FakeRedis } from './fake-redis.js';
import { ManualClock } from './manual-clock.js';

export interface FixtureOptions extends Partial<TierConfig> {
  readonly clock?: ManualClock;
  readonly server?: FakeRedis;
  readonly doors?: number;
  /** What the estimate of the server's clock may be wrong by. */
  readonly errorMs?: number;
  readonly share?: Share;
}

/** A process: its store, over doors that the test moves. */
export class TierFixture {
  readonly clock: ManualClock;
  readonly server: FakeRedis;
  readonly doors: readonly FakeDoor[];
  readonly remote: FakeRemote;
  readonly shards: Shards;
  readonly store: TieredStore;
  readonly standby: Standby;
  readonly observer = new FakeObserver();

  constructor({ clock, server, doors = 1, errorMs, share, ...config }: FixtureOptions = {}) {
    this.clock = clock ?? new ManualClock();
    this.server = server ?? new FakeRedis(this.clock);
    this.doors = Array.from({ length: doors }, () => new FakeDoor(this.server, errorMs));
    this.remote = new FakeRemote(this.server, this.doors);
    const all: TierConfig = {
      prefix: PREFIX,
      commandTimeoutMs: 500,
      memory: { max: 100, maxBytes: 10_000_000 },
      outageTtlMs: 5_000,
      journalMax: 1_000,
      maxValueBytes: 1_000_000,
      isEnabled: true,
      ...config,
    };
    this.standby =
      all.memory === undefined
        ? NO_STANDBY
        : new MemoryStandby(
            new MemoryTier(all.memory, (key, reason) => this.shards.evicted(key, reason)),
            this.clock,
            share,
          );
    this.shards = new Shards(this.remote, {
      config: all,
      clock: this.clock,
      turns: new Turns(this.clock),
      observer: this.observer,
      standby: this.standby,
    });
    this.store = new TieredStore(this.shards);
  }

  /** What the observer was told, one line each. */
  get told(): readonly string[] {
    return this.observer.told;
  }

  get door(): FakeDoor {
    return this.doors[0] as FakeDoor;
  }

  /** Started, and connected everywhere. */
  open(): this {
    for (const door of this.doors) door.connectsAtOnce = true;
    this.shards.start();
    return this;
  }

  /** The payload that a `get` finds. */
  async get(key: string): Promise<string | undefined> {
    return payloadOf(await this.store.get(key));
  }

  put(key: string, payload: string, life: Partial<NewValue> = {}): Promise<'applied' | 'deferred'> {
    return this.store.put(key, value(payload, life));
  }

  /** What Redis has under a key, for those who know the generation. */
  inRedis(key: string): string | undefined {
    return this.server.payload(PREFIX + key);
  }
}

export function value(payload: string, life: Partial<NewValue> = {}): NewValue {
  return { payload, ttlMs: 60_000, graceMs: 0, loadMs: 0, ...life };
}

export function payloadOf(found: Found | undefined): string | undefined {
  if (found === undefined) return undefined;
  const isGraced = found.entry.charAt(KIND_AT) === 'g';
  return found.entry.slice(isGraced ? GRACED_PAYLOAD_AT : PAYLOAD_AT);
}
