import type { WriteResult } from '../../lib/api/cache.js';
import { compileGlob } from '../../lib/core/glob.js';
import { entryText } from '../../lib/entry/entry.js';
import { withTags } from '../../lib/entry/entry-tags.js';
import { fingerprint } from '../../lib/entry/fingerprint.js';
import { freshness } from '../../lib/entry/freshness.js';
import type {
  Claim,
  Found,
  KeyChange,
  Lease,
  Loaded,
  NewValue,
  Store,
  StoreState,
  TagMoment,
  TagNeed,
  TagVersions,
} from '../../lib/tiers/store.js';
import { FakeTags } from './fake-tags.js';
import type { ManualClock } from './manual-clock.js';

/** One call that the store was asked for. */
export interface StoreCall {
  readonly method: 'get' | 'claim' | 'fill' | 'put' | 'remove' | 'clear' | 'release' | 'abandon';
  readonly keys: readonly string[];
}

interface FakeLease extends Lease {
  isVoid: boolean;
}

const GENERATION = 'fake00';

/**
 * A Store in memory, as one process sees a Redis that never fails. Tests play the other processes:
 * `holdElsewhere`, `storeElsewhere`, `removeElsewhere`, and `isAway` for a Redis that cannot be asked.
 */
export class FakeStore implements Store {
  /** Redis cannot be asked: claims are `none`, values are kept in memory. */
  isAway = false;
  /** What claims wait for before they are answered. */
  beforeClaim: (() => Promise<void>) | undefined;
  /** What fills wait for before they are acknowledged. */
  beforeFill: (() => Promise<void>) | undefined;
  readonly calls: StoreCall[] = [];
  readonly unreadableKeys: string[] = [];
  /** Those of all processes. */
  readonly tags: FakeTags = new FakeTags();
  readonly #clock: ManualClock;
  readonly #entries = new Map<string, string>();
  readonly #leases = new Map<string, FakeLease>();
  /** Leases of other processes, and when they end. */
  readonly #elsewhere = new Map<string, number>();
  readonly #listeners: ((change: KeyChange) => void)[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** Another process loads the key, and goes on renewing its lease until `until` (local time). */
  holdElsewhere(key: string, until = Number.POSITIVE_INFINITY): void {
    this.#elsewhere.set(key, until);
  }

  /** Another process stores a value; whoever holds a lease has lost it. */
  storeElsewhere(key: string, value: NewValue): void {
    this.removeElsewhere(key);
    this.#entries.set(key, this.#textOf(key, value));
  }

  /** Another process deletes the key, which this one learns when it renews its lease. */
  removeElsewhere(key: string): void {
    this.#elsewhere.delete(key);
    this.#entries.delete(key);
    this.#voidLease(key);
  }

  /** What stands under the key cannot be read. */
  corrupt(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#entries.set(key, `${entry.slice(0, -1)}\u0000`);
  }

  callsOf(method: StoreCall['method']): readonly (readonly string[])[] {
    return this.calls.filter((call) => call.method === method).map(({ keys }) => keys);
  }

  /** Keys with a lease of this process. */
  get leased(): readonly string[] {
    return [...this.#leases.keys()];
  }

  get mode(): StoreState['mode'] {
    return this.state.mode;
  }

  get state(): StoreState {
    const entries = this.#entries.size;
    return {
      mode: this.isAway ? 'degraded' : 'normal',
      reason: this.isAway ? 'connection_lost' : undefined,
      isConnected: !this.isAway,
      isReadOnly: false,
      nextAttemptAt: undefined,
      hasRedis: true,
      journal: { entries: 0, max: 0, overflows: 0 },
      memory: { entries, max: 1_000_000, bytes: 0, maxBytes: 1_000_000 },
    };
  }

  timeOf(): number {
    return this.#clock.wallNow();
  }

  get(key: string): Found | undefined {
    this.#record('get', [key]);
    return this.#find(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Found | undefined)[]> {
    this.#record('get', keys);
    return keys.map((key) => this.#find(key));
  }

  async put(key: string, value: NewValue): Promise<WriteResult> {
    return this.putMany([[key, value]]);
  }

  async putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult> {
    this.#record(
      'put',
      entries.map(([key]) => key),
    );
    for (const [key, value] of entries) {
      this.#change(key);
      this.#entries.set(key, this.#textOf(key, value));
    }
    return this.#written();
  }

  async remove(key: string): Promise<WriteResult> {
    return this.removeMany([key]);
  }

  async removeMany(keys: readonly string[]): Promise<WriteResult> {
    this.#record('remove', keys);
    for (const key of keys) this.#change(key);
    return this.#written();
  }

  async clear(pattern: string): Promise<WriteResult> {
    this.#record('clear', [pattern]);
    const matches = compileGlob(pattern);
    for (const listener of this.#listeners) listener({ matches });
    for (const key of [...this.#entries.keys(), ...this.#leases.keys()]) {
      if (!matches(key)) continue;
      this.#entries.delete(key);
      this.#voidLease(key);
    }
    return this.#written();
  }

  async claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly Claim[]> {
    this.#record('claim', keys);
    await this.beforeClaim?.();
    return keys.map((key) => this.#claim(key, mode));
  }

  async fill(loaded: readonly Loaded[]): Promise<void> {
    this.#record(
      'fill',
      loaded.map(({ key }) => key),
    );
    await this.beforeFill?.();
    for (const { key, lease, value } of loaded) {
      if (lease?.isVoid === true) continue;
      this.#leases.delete(key);
      this.#entries.set(key, this.#textOf(key, value));
    }
  }

  tagVersions(tags: readonly string[], need: TagNeed): TagVersions {
    return this.tags.versions(tags, need);
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    this.tags.invalidate(tags);
    for (const listener of this.#listeners) listener({ tags: new Set(tags), when: 'now' });
    return this.#written();
  }

  tagMoment(): TagMoment {
    return this.tags.moment();
  }

  tagsChangedSince(tags: readonly string[], since: TagMoment): boolean {
    return this.tags.changedSince(tags, since);
  }

  peek(key: string): Found | undefined {
    const found = this.#find(key);
    return found && { ...found, tier: 'memory' };
  }

  unreadable(key: string): void {
    this.unreadableKeys.push(key);
  }

  forRequest(): Store {
    return this;
  }

  onChange(listener: (change: KeyChange) => void): void {
    this.#listeners.push(listener);
  }

  #claim(key: string, mode: 'load' | 'refresh'): Claim {
    if (this.isAway) return { kind: 'none' };
    const found = this.#find(key);
    if (mode === 'load' && found?.isStale === false) return { kind: 'value', found };
    const isElsewhere = (this.#elsewhere.get(key) ?? 0) > this.#clock.now();
    if (isElsewhere || this.#leases.has(key)) return { kind: 'held' };
    return { kind: 'granted', lease: this.#grant(key) };
  }

  #grant(key: string): Lease {
    const giveBack = (method: 'release' | 'abandon'): void => {
      this.#record(method, [key]);
      if (this.#leases.get(key) === lease) this.#leases.delete(key);
    };
    const lease: FakeLease = {
      key,
      isVoid: false,
      release: () => giveBack('release'),
      abandon: () => giveBack('abandon'),
    };
    this.#leases.set(key, lease);
    return lease;
  }

  #find(key: string): Found | undefined {
    const entry = this.#entries.get(key);
    const state = entry && freshness(entry, this.timeOf());
    if (entry === undefined || state === 'expired' || !this.tags.areCurrent(entry))
      return undefined;
    return { entry, tier: this.isAway ? 'memory' : 'redis', isStale: state === 'stale' };
  }

  #change(key: string): void {
    for (const listener of this.#listeners) listener({ key });
    this.#entries.delete(key);
    this.#elsewhere.delete(key);
    this.#voidLease(key);
  }

  #voidLease(key: string): void {
    const lease = this.#leases.get(key);
    if (lease === undefined) return;
    lease.isVoid = true;
    this.#leases.delete(key);
  }

  #textOf(key: string, value: NewValue): string {
    const version = Math.round(this.timeOf() * 1_000);
    const head = { generation: GENERATION, fingerprint: fingerprint(key), version };
    const { payload, tags } = value;
    const tagged = tags === undefined ? payload : withTags(payload, tags);
    return entryText({ ...head, ...value, payload: tagged });
  }

  #written(): WriteResult {
    return this.isAway ? 'deferred' : 'applied';
  }

  #record(method: StoreCall['method'], keys: readonly string[]): void {
    this.calls.push({ method, keys });
  }
}
