import type { LearningState } from '../../../api/freshness.js';
import { Calibration } from '../calibration.js';
import { ChangeRates, drawChanges } from './change-rate.js';
import { type Choice, fixedCandidates } from './choice.js';
import { Gaps } from './gaps.js';
import { Guard } from './guard.js';
import type { KnownKey, KnownKeys } from './known-keys.js';
import { clamp, type KeyState } from './policies.js';
import type { Survey } from './survey.js';
import { Trials, type TriedKey } from './trials.js';
import { TypicalKey } from './typical-key.js';

/** A choice is made after so many loads of sampled keys. */
const CHOOSE_EVERY = 50;

/** What one more load says of a key's reads counts this much less with each that follows. */
const FADING = 0.98;

/** A key that was not loaded for so many of its lifetimes leaves the sample when others need room. */
const IDLE = 16;

/** The typical lifetime is that of so many loads. */
const TYPICAL_LOADS = 200;

/** The target of advice for a group that has none. */
const USUAL_TARGET = 0.01;

const UNCHANGED: readonly number[] = [];

/** How lifetimes are applied. */
export interface Target {
  /** The share of reads that may get an old value. */
  readonly stale: number;
  /** No lifetime is longer. */
  readonly maxTtlMs: number;
}

/** A loader has made a value. Key and value are fingerprints. */
export interface Load {
  readonly key: number;
  readonly value: number;
  readonly at: number;
  /** The lifetime that the user gives it. */
  readonly ttlMs: number;
  /** The loader or a known instant says when it ends: no other lifetime may. */
  readonly isFixed: boolean;
  /** The value that it replaces had not expired: an audit, or a refresh ahead. */
  readonly isReload: boolean;
}

export interface LearnerParts {
  readonly keys: KnownKeys;
  /** The most keys on which policies are tried. */
  readonly mostTried: number;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Absent: lifetimes stay as the user gives them. */
  readonly target?: Target | undefined;
}

/** What a group of keys teaches: how often its values change, and which lifetimes would suit. */
export class GroupLearner {
  readonly #parts: LearnerParts;
  readonly #rates = new ChangeRates();
  readonly #typical = new TypicalKey();
  readonly #trials: Trials;
  readonly #gaps = new Gaps();
  readonly #guard: Guard | undefined;
  readonly #calibration = new Calibration();
  #choice: Choice;
  #untilChoice = CHOOSE_EVERY;
  #hits = 0;
  #loads = 0;
  #same = 0;
  #changed = 0;
  #ttlMs = 0;
  #lifetimeMs = 0;

  constructor(parts: LearnerParts) {
    this.#parts = parts;
    this.#guard = parts.target && new Guard(parts.target.stale);
    this.#trials = new Trials(this.#typical, parts.mostTried);
    this.#choice = this.#trials.choose(0, 'none');
  }

  /** So many hits of the group, one of which was looked at: it is this key's. */
  hit(key: number, count: number): void {
    this.#hits += count;
    const known = this.#parts.keys.find(key);
    if (known !== undefined) known.readsSince += count;
  }

  /** The key was changed through the cache: its next load shows nothing that happened behind the cache. */
  changed(key: number): void {
    const known = this.#parts.keys.find(key);
    if (known !== undefined) known.loadedAt = Number.NaN;
  }

  /** A hit was loaded again. */
  audited(isStale: boolean): void {
    const hitShare = this.#hits / Math.max(1, this.#hits + this.#loads);
    const { stale, verdict } = this.#choice;
    if (verdict !== 'waits') this.#calibration.audited(isStale, stale.value / hitShare);
    if (this.#isApplied) this.#guard?.audited(isStale, hitShare);
  }

  /** Learns from a load. Returns how long its value lives. */
  loaded(load: Load): number {
    this.#loads++;
    const { keys } = this.#parts;
    const found = keys.find(load.key);
    const known = found ?? this.#newKey(load);
    const gapMs = found === undefined ? 0 : load.at - known.loadedAt;
    // A value that was loaded before it expired was removed: by a delete, an eviction, a tag.
    const isSeen = gapMs > 0 && (load.isReload || load.at >= known.endsAt);
    if (isSeen) this.#observe(known, load, gapMs);
    else this.#begin(known, load);
    known.value = load.value;
    known.loadedAt = load.at;
    known.ttlMs = load.ttlMs;
    known.readsSince = 0;
    keys.keep(load.key, known);
    const lifetimeMs = load.isFixed ? load.ttlMs : this.#lifetime(known, load.at);
    const step = 1 / Math.min(this.#loads, TYPICAL_LOADS);
    this.#ttlMs += step * (load.ttlMs - this.#ttlMs);
    this.#lifetimeMs += step * (lifetimeMs - this.#lifetimeMs);
    // A jitter may take a tenth of it.
    known.endsAt = load.at + 0.9 * lifetimeMs;
    return lifetimeMs;
  }

  /** Loads that showed whether a value is still the same. */
  get reloads(): Survey['reloads'] {
    return { same: this.#same, changed: this.#changed };
  }

  /** What becomes of the lifetimes of the group. */
  get state(): LearningState {
    if (this.#guard === undefined) return 'observes';
    return this.#guard.isOff ? 'reverted' : this.#choice.verdict;
  }

  /** The lifetime that values get: the mean of the last loads. `undefined`: nothing was loaded. */
  get lifetimeMs(): number | undefined {
    return this.#loads === 0 ? undefined : this.#lifetimeMs;
  }

  /** What was learned, and what would be the best. */
  survey(): Survey {
    const { target } = this.#parts;
    const stale = target?.stale ?? USUAL_TARGET;
    return {
      ...{ ttlMs: this.#ttlMs, reloads: this.reloads, medianGapMs: this.#gaps.medianMs },
      ...{ target: stale, state: this.state },
      fixed: fixedCandidates(this.#trials.frontier),
      choice: target === undefined ? this.#trials.choose(stale, 'none') : this.#choice,
    };
  }

  /** Nothing can be said of the time before this load. */
  #begin(known: KnownKey, load: Load): void {
    if (known.value !== load.value) known.changedAt = load.at;
    const { key, at, ttlMs } = load;
    const state = this.#stateOf(known, at);
    this.#typical.add(state);
    this.#beginTrial({ key, at, ttlMs, state });
  }

  #beginTrial(tried: TriedKey): void {
    this.#trials.begin(tried, (other) => {
      const { loadedAt = 0, ttlMs = 0 } = this.#parts.keys.find(other) ?? {};
      return !(tried.at - loadedAt <= IDLE * ttlMs);
    });
  }

  #observe(known: KnownKey, load: Load, gapMs: number): void {
    const isChanged = known.value !== load.value;
    if (isChanged) this.#changed++;
    else this.#same++;
    known.reads = FADING * known.reads + known.readsSince + 1;
    known.readMs = FADING * known.readMs + gapMs;
    this.#try(known, load, isChanged);
    this.#rates.saw(known, gapMs, isChanged);
    if (!isChanged) return;
    const middle = load.at - gapMs / 2;
    if (known.hasChanged) this.#gaps.add(middle - known.changedAt);
    known.changedAt = middle;
    known.hasChanged = true;
  }

  /** Shows the time since the last load to every policy. They know what was known before it. */
  #try(known: KnownKey, { key, at: to }: Load, isChanged: boolean): void {
    const { loadedAt: from, changedAt: lastChangeAt, ttlMs } = known;
    const state = this.#stateOf(known, to);
    this.#typical.add(state);
    const { ageMs, changesPerMs, readsPerMs } = state;
    const { random } = this.#parts;
    const changedAt = isChanged ? drawChanges({ from, to }, changesPerMs, random) : UNCHANGED;
    const times = { from, to, changedAt, lastChangeAt };
    const interval = { ageMs, changesPerMs, readsPerMs, ...times, ttlMs };
    if (this.#trials.observe(key, interval)) this.#chooseNowAndThen();
    else this.#beginTrial({ key, at: to, ttlMs, state });
  }

  #chooseNowAndThen(): void {
    const { target } = this.#parts;
    if (target === undefined || --this.#untilChoice > 0) return;
    this.#untilChoice = CHOOSE_EVERY;
    const wanted = target.stale / this.#calibration.factor;
    const choice = this.#trials.choose(wanted, this.#choice.tilt);
    if (choice.tilt !== this.#choice.tilt) this.#guard?.restart();
    this.#choice = choice;
  }

  #lifetime(known: KnownKey, at: number): number {
    const { target } = this.#parts;
    const { ttlMs } = known;
    if (target === undefined) return ttlMs;
    const isOwn = !this.#isApplied || this.#guard?.isOff === true;
    if (isOwn) return Math.min(target.maxTtlMs, ttlMs);
    const learned = this.#typical.lifetime(this.#choice, this.#stateOf(known, at), ttlMs);
    const wanted = (this.#guard?.factor ?? 1) * learned;
    return Math.min(target.maxTtlMs, clamp(wanted, ttlMs));
  }

  /** Whether there is a choice that says how long values live, and that audits can refute. */
  get #isApplied(): boolean {
    const { verdict } = this.#choice;
    return verdict === 'keeps' || verdict === 'learned';
  }

  #stateOf(known: KnownKey, at: number): KeyState {
    return {
      ageMs: Math.max(1, at - known.changedAt),
      changesPerMs: this.#rates.of(known, 1 / known.ttlMs),
      readsPerMs: known.reads / known.readMs,
    };
  }

  /** A key of which nothing is known is as old as values of its group become. */
  #newKey({ at, value, ttlMs }: Load): KnownKey {
    const changedAt = at - 1 / (this.#rates.group ?? 1 / ttlMs);
    return {
      ...{ value, ttlMs, changedAt, hasChanged: false },
      ...{ loadedAt: at, endsAt: at, changes: 0, watchedMs: 0 },
      ...{ reads: 1, readMs: ttlMs, readsSince: 0 },
    };
  }
}
