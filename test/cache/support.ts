import type { WriteResult } from '../../lib/api/cache.js';
import type { CacheEvents } from '../../lib/api/events.js';
import { Arguments } from '../../lib/cache/arguments/arguments.js';
import { CacheHandle } from '../../lib/cache/cache.js';
import type { CacheParts } from '../../lib/cache/cache-parts.js';
import { BulkChanges } from '../../lib/cache/changes/bulk-changes.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { parseCacheOptions } from '../../lib/cache/parse-options.js';
import { CacheLog } from '../../lib/cache/status/cache-log.js';
import { CacheObserver } from '../../lib/cache/status/cache-observer.js';
import { Metrics } from '../../lib/cache/status/metrics.js';
import { takeSnapshot } from '../../lib/cache/status/snapshot.js';
import { StatusReporter } from '../../lib/cache/status/status-reporter.js';
import { Histogram } from '../../lib/core/diagnostics/histogram.js';
import { Emitter } from '../../lib/core/emitter.js';
import type { Logger } from '../../lib/core/logger.js';
import { type Clock, systemClock } from '../../lib/core/time/clock.js';
import { Turns } from '../../lib/core/time/turns.js';
import { entryText } from '../../lib/entry/entry.js';
import type { Observer } from '../../lib/tiers/observer.js';
import type {
  Claim,
  Found,
  KeyChange,
  NewValue,
  Store,
  StoreState,
  TagMoment,
  TagNeed,
  TagVersions,
} from '../../lib/tiers/store.js';
import { FakeTags } from '../support/fake-tags.js';

export const NORMAL: StoreState = {
  mode: 'normal',
  reason: undefined,
  isConnected: true,
  isReadOnly: false,
  nextAttemptAt: undefined,
  hasRedis: true,
  journal: { entries: 0, max: 10_000, overflows: 0 },
  memory: { entries: 3, max: 100, bytes: 300, maxBytes: 1_000 },
};

/** A Redis that answers at once, or (`isMemory`) a memory tier that does so without a promise. */
export class FakeStore implements Store {
  readonly entries = new Map<string, Found>();
  /** How many keys each call had. */
  readonly tags: FakeTags = new FakeTags();
  /** The tags of each value, by its key. */
  readonly tagged = new Map<string, readonly string[]>();
  /** What versions of tags wait for. */
  beforeVersions: Promise<unknown> | undefined;
  readonly calls: [method: string, keys: number][] = [];
  readonly unreadableKeys: string[] = [];
  readonly requests: FakeStore[] = [];
  isMemory = false;
  result: WriteResult = 'applied';
  state: StoreState = NORMAL;

  get mode(): StoreState['mode'] {
    return this.state.mode;
  }

  readonly #listeners: ((change: KeyChange) => void)[];

  constructor(entries?: Map<string, Found>, listeners: ((change: KeyChange) => void)[] = []) {
    if (entries !== undefined) this.entries = entries;
    this.#listeners = listeners;
  }

  get(key: string): Found | undefined | Promise<Found | undefined> {
    this.calls.push(['get', 1]);
    const found = this.entries.get(key);
    return this.isMemory ? found : Promise.resolve(found);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Found | undefined)[]> {
    this.calls.push(['getMany', keys.length]);
    return keys.map((key) => this.entries.get(key));
  }

  put(key: string, value: NewValue): Promise<WriteResult> {
    return this.putMany([[key, value]]);
  }

  async putMany(entries: readonly (readonly [string, NewValue])[]): Promise<WriteResult> {
    this.calls.push(['putMany', entries.length]);
    for (const [key, value] of entries) {
      this.#changed({ key });
      this.entries.set(key, found(value.payload));
      if (value.tags !== undefined)
        this.tagged.set(
          key,
          value.tags.map(({ tag }) => tag),
        );
    }
    return this.result;
  }

  remove(key: string): Promise<WriteResult> {
    return this.removeMany([key]);
  }

  async removeMany(keys: readonly string[]): Promise<WriteResult> {
    this.calls.push(['removeMany', keys.length]);
    for (const key of keys) {
      this.#changed({ key });
      this.entries.delete(key);
    }
    return this.result;
  }

  async clear(pattern: string): Promise<WriteResult> {
    this.calls.push([`clear ${pattern}`, 0]);
    this.#changed({ matches: () => true });
    this.entries.clear();
    return this.result;
  }

  async claim(keys: readonly string[]): Promise<readonly Claim[]> {
    return keys.map(() => ({ kind: 'none' }));
  }

  async fill(): Promise<void> {}

  tagVersions(tags: readonly string[], need: TagNeed): TagVersions | Promise<TagVersions> {
    this.calls.push(['tagVersions', tags.length]);
    const versions = (): TagVersions => this.tags.versions(tags, need);
    return this.beforeVersions?.then(versions) ?? versions();
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteResult> {
    this.calls.push([`invalidate ${tags}`, tags.length]);
    this.tags.invalidate(tags);
    this.#changed({ tags: new Set(tags), when: 'now' });
    return this.result;
  }

  tagMoment(): TagMoment {
    return this.tags.moment();
  }

  tagsChangedSince(tags: readonly string[], since: TagMoment): boolean {
    return this.tags.changedSince(tags, since);
  }

  peek(key: string): Found | undefined {
    return this.entries.get(key);
  }

  unreadable(key: string): void {
    this.unreadableKeys.push(key);
  }

  timeOf(): number {
    return Date.now();
  }

  forRequest(): FakeStore {
    const view = new FakeStore(this.entries, this.#listeners);
    this.requests.push(view);
    return view;
  }

  onChange(listener: (change: KeyChange) => void): void {
    this.#listeners.push(listener);
  }

  #changed(change: KeyChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** An entry with this text of a value. */
export function found(payload: string, more: Partial<Found> = {}): Found {
  const fields = { generation: '0abcde', fingerprint: '12345678', version: 1, payload };
  const entry = entryText({ ...fields, ttlMs: 60_000, graceMs: 0, loadMs: 0 });
  return { entry, tier: 'redis', isStale: false, ...more };
}

/** Runs the loader for each caller, and stores nothing. */
class FakeLoading implements Pick<CacheParts['loading'], keyof CacheParts['loading']> {
  readonly isClosed = false;
  readonly refreshed: string[] = [];
  readonly audits = undefined;
  readonly load = { running: 2, queued: 1, limit: Number.POSITIVE_INFINITY };

  async answer(
    ...[{ loader, key }]: Parameters<CacheParts['loading']['answer']>
  ): Promise<Awaited<ReturnType<CacheParts['loading']['answer']>>> {
    const signal = new AbortController().signal;
    const value = await loader({ key, signal, setTtl() {}, setTags() {}, skip() {} });
    return { value, outcome: 'miss', tier: undefined };
  }

  async answerMany(
    ...[{ loader }, missing]: Parameters<CacheParts['loading']['answerMany']>
  ): ReturnType<CacheParts['loading']['answerMany']> {
    const { signal } = new AbortController();
    const values = await loader([...missing.keys()], { signal, setTags() {} });
    return new Map(
      [...values].map(
        ([key, value]) => [key, { value, outcome: 'miss', tier: undefined }] as const,
      ),
    );
  }

  hit(...[{ key, config }]: Parameters<CacheParts['loading']['hit']>): void {
    if (config.refreshAhead > 0) this.refreshed.push(key);
  }
}

export interface Bench {
  readonly cache: CacheHandle;
  readonly store: FakeStore;
  readonly loading: FakeLoading;
  readonly observer: Observer;
  readonly log: CacheLog;
  readonly reporter: StatusReporter;
  readonly events: Emitter<CacheEvents>;
  readonly metrics: Metrics;
  readonly lines: string[];
  closed(): number;
}

/** A cache on a fake store. */
export function useCache(options: CacheOptions = {}, clock: Clock = systemClock): Bench {
  const lines: string[] = [];
  const config = parseCacheOptions({ redis: false, logger: logInto(lines), ...options });
  const store = new FakeStore();
  const loading = new FakeLoading();
  const onListenerError = (error: unknown): void => {
    lines.push(`listener: ${String(error)}`);
  };
  const events = new Emitter<CacheEvents>(onListenerError);
  const metrics = new Metrics();
  const log = new CacheLog(config, clock);
  const reporter = new StatusReporter({ config, clock, events, metrics, log });
  const observer = new CacheObserver({ config, clock, events, metrics, reporter, log });
  const turns = new Turns(clock);
  let closed = 0;
  const cache = new CacheHandle({
    config,
    store,
    loading,
    observer,
    reporter,
    events,
    turns,
    bulkChanges: new BulkChanges(store, turns),
    onListenerError,
    freshness: { report: () => ({ at: '', groups: [] }) },
    takeSnapshot: () =>
      takeSnapshot({
        ...{ config, clock, metrics, reporter, store, loading },
        shards: { servers: [] },
        commandTimes: new Histogram([]),
      }),
    look: () => undefined,
    args: new Arguments(config),
    close: () => closed++,
  });
  reporter.start(store);
  return {
    cache,
    store,
    loading,
    observer,
    log,
    reporter,
    events,
    metrics,
    lines,
    closed: () => closed,
  };
}

function logInto(lines: string[]): Logger {
  return {
    info: (line) => lines.push(`info: ${line}`),
    warn: (line) => lines.push(`warn: ${line}`),
    error: (line) => lines.push(`error: ${line}`),
  };
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not reject');
}
