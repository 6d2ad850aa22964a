import type { WarmMetrics } from '../../api/metrics.js';
import type { CacheStatus } from '../../api/status.js';
import { inBackground } from '../../core/background.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import { freshUntilMs } from '../../entry/freshness.js';
import type { Store } from '../../tiers/store.js';
import { HotKeys } from './hot-keys.js';
import { type KeeperParts, ListKeeper } from './list-keeper.js';
import { type WarmLoadParts, WarmLoads } from './warm-loads.js';
import type { WarmConfig } from './warm-options.js';
import { WarmedKeys } from './warmed-keys.js';

/** Readiness waits no longer than this after the start. */
const DEADLINE_MS = 2_000;

/** How often we look whether the first connection is made. A proof must be so much younger than what it proves. */
const LOOK_MS = 20;

/** How many values are read at once. */
const BATCH = 50;

/** Warming reads no more values when so much of `memory.maxBytes` is taken. */
const FULL_SHARE = 0.75;

export interface WarmUpParts
  extends Omit<KeeperParts, 'hotKeys' | 'maxKeys'>,
    Pick<WarmLoadParts, 'load' | 'background'> {
  readonly clock: Clock;
  readonly store: Store;
  readonly config: WarmConfig;
  /** Resolves when Redis has proved what it showed until now: otherwise an outage doubts it. */
  readonly prove: () => Promise<void>;
}

/**
 * Fills memory with the values of hot keys, at the start and after each recovery, so that an outage finds a full
 * fallback. It reads Redis, and runs a loader only if `warm.loaders` names it.
 *
 * Invariants: readiness waits once, at the start, and 2 s at most; one round runs at a time; nothing here rejects or
 * keeps the process alive, except a loader that runs.
 */
export class WarmUp {
  readonly #parts: WarmUpParts;
  readonly #hotKeys: HotKeys;
  readonly #keeper: ListKeeper;
  readonly #warmed: WarmedKeys;
  readonly #loads: WarmLoads;
  #deadline: Timer | undefined;
  #isWarming = false;
  #isClosed = false;
  #isRunning = false;
  #isAskedAgain = false;
  #done = 0;
  #total = 0;

  constructor(parts: WarmUpParts) {
    const { store, config, clock, load, background } = parts;
    const { maxKeys } = config;
    this.#parts = parts;
    this.#hotKeys = new HotKeys(maxKeys);
    this.#keeper = new ListKeeper({ ...parts, hotKeys: this.#hotKeys, maxKeys });
    this.#warmed = new WarmedKeys(() => store.timeOf(''));
    const onDone = (key: string, isLoaded: boolean): void => {
      this.#done++;
      if (isLoaded) this.#note(key, 'loader');
    };
    this.#loads = new WarmLoads({ store, clock, config, load, background, onDone });
  }

  start(): void {
    this.#isWarming = true;
    this.#deadline = this.#parts.clock.setTimer(() => this.#endWait(), DEADLINE_MS);
    inBackground(() => {
      this.#keeper.start();
      void this.#firstRound();
    });
  }

  /** A caller asked for a key. */
  asked(key: string, isFound: boolean): void {
    this.#hotKeys.saw(key);
    this.#warmed.asked(key, isFound);
  }

  /** Redis serves again, or for the first time. */
  recovered(): void {
    if (this.#isWarming) return;
    inBackground(() => void this.#round());
  }

  /** The share that is done, while readiness waits. */
  get status(): Pick<CacheStatus, 'warming'> {
    if (!this.#isWarming) return {};
    const share = this.#total === 0 ? 0 : this.#done / this.#total;
    return { warming: { progress: Math.min(1, Math.floor(share * 100) / 100) } };
  }

  get metrics(): WarmMetrics {
    return { isWarming: this.#isWarming, ...this.#warmed.counts };
  }

  close(): void {
    this.#isClosed = true;
    this.#keeper.close();
    this.#loads.close();
    this.#endWait();
  }

  async #firstRound(): Promise<void> {
    // Waits for the first attempt to connect, as every read does.
    await this.#parts.store.getMany([]);
    while (this.#isWarming && this.#isUndecided) await this.#pause();
    await this.#round();
    this.#endWait();
  }

  /** Whether Redis may be usable in a moment. */
  get #isUndecided(): boolean {
    const { mode, reason, hasRedis } = this.#parts.store.state;
    return hasRedis && (mode === 'recovering' || reason === 'connecting');
  }

  async #round(): Promise<void> {
    if (this.#isRunning) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isRunning = true;
    do {
      this.#isAskedAgain = false;
      await this.#fill();
    } while (this.#isAskedAgain && !this.#isClosed);
    this.#isRunning = false;
  }

  async #fill(): Promise<void> {
    await this.#keeper.read();
    const keys = this.#hotKeys.list(0).keys.map(([key]) => key);
    this.#done = 0;
    this.#total = keys.length;
    const missing = await this.#readAll(keys);
    const loadable = this.#loads.loadable(missing);
    if (loadable.length === 0) return;
    this.#done -= loadable.length;
    await this.#loads.run(loadable);
    // Another process may have loaded some of them.
    const { store } = this.#parts;
    const elsewhere = loadable.filter((key) => store.peek(key) === undefined);
    if (elsewhere.length > 0) await this.#readAll(elsewhere);
  }

  /** Reads the values of the keys, hottest first, while memory has room. Returns the keys without a value. */
  async #readAll(keys: readonly string[]): Promise<readonly string[]> {
    const { store } = this.#parts;
    const warmed: string[] = [];
    const missing: string[] = [];
    for (let at = 0; at < keys.length && !this.#isClosed && !this.#isFull; at += BATCH) {
      const batch = keys.slice(at, at + BATCH);
      const found = await store.getMany(batch);
      batch.forEach((key, i) => {
        (found[i]?.isStale === false ? warmed : missing).push(key);
      });
      this.#done += batch.length;
    }
    await this.#pause();
    await this.#parts.prove();
    // The hottest last, because memory evicts those that were used longest ago.
    for (const key of warmed.reverse()) this.#note(key, 'redis');
    return missing;
  }

  /** More values would push out those that were just read. */
  get #isFull(): boolean {
    const { memory } = this.#parts.store.state;
    return memory === null || memory.bytes > FULL_SHARE * memory.maxBytes;
  }

  /** Counts a warmed value. The look at it tells memory that the key is used often. */
  #note(key: string, from: 'redis' | 'loader'): void {
    const found = this.#parts.store.peek(key);
    if (found !== undefined) this.#warmed.warmed(key, from, freshUntilMs(found.entry));
  }

  #endWait(): void {
    this.#isWarming = false;
    this.#deadline?.cancel();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.setTimer(resolve, LOOK_MS);
    });
  }
}
