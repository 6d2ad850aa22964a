import type { FreshnessReport } from '../../api/freshness.js';
import type { FreshnessMetrics } from '../../api/metrics.js';
import type { Clock } from '../../core/time/clock.js';
import { hash53 } from '../../entry/fingerprint.js';
import type { KeyChange } from '../../tiers/store.js';
import type { Lifetimes, LoadedValue } from '../task/lifetimes.js';
import type { FreshnessConfig } from './freshness-options.js';
import { HitSampler } from './hit-sampler.js';
import { KnownKeys } from './learning/known-keys.js';
import { CLAMP } from './learning/policies.js';
import { WatchedGroup } from './watched-group.js';

/** Keys of all groups that are remembered. */
const MOST_KEYS = 10_000;

/** Keys on which lifetimes are tried: of all groups, and of one at least. */
const MOST_TRIED = 4_096;
const LEAST_TRIED = 256;

export interface FreshnessParts {
  readonly config: FreshnessConfig;
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/** Watches hits and loads of groups of keys, and says how long loaded values live. It loads nothing itself. */
export class Freshness implements Lifetimes {
  readonly #parts: FreshnessParts;
  readonly #groups: readonly WatchedGroup[];
  readonly #keys = new KnownKeys(MOST_KEYS);
  /** Which hits are looked at. */
  readonly sampler: HitSampler;

  constructor(parts: FreshnessParts) {
    const { config, random } = parts;
    const keys = this.#keys;
    this.#parts = parts;
    this.sampler = new HitSampler(random);
    const share = Math.floor(MOST_TRIED / Math.max(1, config.groups.length));
    const learning = { keys, random, mostTried: Math.max(LEAST_TRIED, share) };
    this.#groups = config.groups.map((group) => new WatchedGroup(group, learning));
  }

  /**
   * A caller with a loader got a fresh value, and the sampler has chosen it. Returns what to do when its audit has
   * ended, if it is to be audited.
   */
  look(key: string): ((isStale: boolean) => void) | undefined {
    const count = this.sampler.take();
    const group = this.#groupOf(key);
    const standsFor = group?.hit(hash53(key), count) ?? 0;
    return standsFor > 0 ? (isStale) => group?.audited(isStale, standsFor) : undefined;
  }

  loaded(value: LoadedValue): number {
    const { key, payload, ttlMs } = value;
    const group = this.#groupOf(key);
    if (group === undefined) return ttlMs;
    this.sampler.loaded();
    return group.loaded({ ...value, key: hash53(key), value: hash53(payload) });
  }

  longestMs(key: string, ttlMs: number): number {
    const target = this.#groupOf(key)?.target;
    return target === undefined ? ttlMs : Math.min(CLAMP * ttlMs, target.maxTtlMs);
  }

  /** A key was set or deleted through the cache. What `clear()` and tags remove shows with its next load. */
  changed(change: KeyChange): void {
    if ('key' in change) this.#groupOf(change.key)?.changed(hash53(change.key));
  }

  get metrics(): readonly FreshnessMetrics[] {
    return this.#groups.map(({ metrics }) => metrics);
  }

  report(): FreshnessReport {
    const at = new Date(this.#parts.clock.wallNow()).toISOString();
    return { at, groups: this.#groups.map((group) => group.report()) };
  }

  #groupOf(key: string): WatchedGroup | undefined {
    for (const group of this.#groups) if (key.startsWith(group.name)) return group;
    return undefined;
  }
}
