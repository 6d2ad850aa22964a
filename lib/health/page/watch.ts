import type { Cache } from '../../api/cache.js';
import type { GroupFreshness } from '../../api/freshness.js';
import type { HealthMetrics, MetricsSnapshot } from '../../api/metrics.js';
import { contain } from '../../core/contain.js';
import { cacheIn } from '../../core/is-cache.js';
import { redact } from '../../core/redact/redact.js';
import type { Clock } from '../../core/time/clock.js';
import type { Checker } from '../checker/checker.js';
import type { CacheSource, HealthChange } from '../types.js';
import { EventLog, type LoggedEvent } from './event-log.js';
import { type StatusPart, statusParts } from './status-parts.js';

/** 30 minutes, a sample each 15 s. */
export const SAMPLE_EVERY_MS = 15_000;
const SAMPLES = 120;
const VERDICTS = 20;
/** Changes of mode in the timeline; a cache that flaps drops the oldest. */
const MODES = 200;

/** The numbers of one moment. Counters are totals. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly lookups: MetricsSnapshot['lookups'];
  readonly errors: number;
  readonly failedAttempts: number;
  readonly loads: number;
  readonly limit: number | null;
  readonly journal: number;
}

/** A check, with its last verdicts, oldest first. */
export interface WatchedCheck {
  readonly name: string;
  readonly status: string;
  readonly seconds?: number;
  readonly verdicts: readonly string[];
}

type Watched = Pick<Cache, 'metrics' | 'on'>;

export interface WatchParts {
  readonly checker: Checker;
  readonly clock: Clock;
  readonly cache: () => CacheSource | undefined;
}

/**
 * Remembers what the live page shows of the past: samples, changes of mode, verdicts and events. So it is there
 * when a person opens the page.
 */
export class Watch {
  readonly #parts: WatchParts;
  readonly #log = new EventLog();
  readonly #verdicts = new Map<string, string[]>();
  #samples: readonly Sample[] = [];
  #modes: readonly { readonly at: number; readonly mode: string }[] = [];
  #health: HealthMetrics = { status: 'ok', checks: [] };
  #watched: Watched | undefined;
  #failedAttempts = 0;
  #statusSince: number;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#statusSince = parts.clock.wallNow();
  }

  get events(): readonly LoggedEvent[] {
    return this.#log.events;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get modes(): readonly { readonly at: number; readonly mode: string }[] {
    return this.#modes;
  }

  get status(): HealthMetrics['status'] {
    return this.#health.status;
  }

  get statusSince(): number {
    return this.#statusSince;
  }

  get checks(): readonly WatchedCheck[] {
    return this.#health.checks.map((check) => ({
      ...check,
      verdicts: this.#verdicts.get(check.name) ?? [],
    }));
  }

  /** The numbers of the cache now, if there is one that counts. */
  snapshot(): MetricsSnapshot | undefined {
    let snapshot: MetricsSnapshot | undefined;
    contain(
      () => {
        snapshot = this.#cache()?.metrics();
      },
      () => {},
    );
    if (snapshot !== undefined) this.#noteAttempts(snapshot);
    return snapshot;
  }

  /** What the cache's status says of its shards, its near tier and its edge. */
  parts(): readonly StatusPart[] {
    let parts: readonly StatusPart[] = [];
    contain(
      () => {
        const source = cacheIn<Pick<Cache, 'status'>>(this.#parts.cache(), ['status']);
        parts = source === undefined ? [] : statusParts(source.status());
      },
      () => {},
    );
    return parts;
  }

  /** What audits and loads have taught, if the cache watches groups of keys. */
  freshness(): readonly GroupFreshness[] {
    let groups: readonly GroupFreshness[] = [];
    contain(
      () => {
        const source = cacheIn<Pick<Cache, 'metrics'> & Partial<Pick<Cache, 'freshness'>>>(
          this.#parts.cache(),
          ['metrics'],
        );
        groups = source?.freshness?.report().groups ?? [];
      },
      () => {},
    );
    return groups;
  }

  /** Begins with a first sample of the cache. */
  begin(): void {
    this.#keep(this.snapshot());
  }

  /** A check, or the whole, changed its status. */
  changed({ name, from, to, reason, at }: HealthChange): void {
    const time = Date.parse(at);
    if (name === 'health') this.#statusSince = time;
    // The timeline tells of the cache, and more exactly.
    else if (name !== 'cache') {
      this.#log.add(time, `${name}: ${from} → ${to}${reason === undefined ? '' : `: ${reason}`}`);
    }
  }

  /** Runs the checks whose verdict is too old, and remembers the verdicts. */
  async look(isSample: boolean): Promise<void> {
    this.#health = await this.#parts.checker.metrics(this.#parts.cache());
    if (isSample) for (const { name, status } of this.#health.checks) this.#remember(name, status);
    if (isSample) this.#keep(this.snapshot());
  }

  #keep(snapshot: MetricsSnapshot | undefined): void {
    if (snapshot !== undefined) {
      this.#samples = [...this.#samples, sampleOf(snapshot)].slice(-SAMPLES);
    }
  }

  #remember(name: string, status: string): void {
    const verdicts = [...(this.#verdicts.get(name) ?? []), status].slice(-VERDICTS);
    this.#verdicts.set(name, verdicts);
  }

  /** Finds the cache, and listens to it from then on. */
  #cache(): Watched | undefined {
    const cache = cacheIn<Watched>(this.#parts.cache(), ['metrics', 'on']);
    if (cache === undefined || this.#watched !== undefined) return this.#watched;
    this.#watched = cache;
    const { mode, since, attempts } = cache.metrics();
    this.#failedAttempts = attempts.error;
    this.#modes = [{ at: Date.parse(since), mode }];
    cache.on('modechange', ({ from, to, reason }) => {
      const at = this.#parts.clock.wallNow();
      this.#modes = [...this.#modes, { at, mode: to }].slice(-MODES);
      this.#log.add(at, `${from} → ${to}${reason === undefined ? '' : `: ${reason}`}`);
    });
    return cache;
  }

  #noteAttempts({ attempts, reason }: MetricsSnapshot): void {
    const failed = attempts.error - this.#failedAttempts;
    this.#failedAttempts = attempts.error;
    if (failed <= 0) return;
    const why = reason === undefined ? '' : `: ${redact(reason)}`;
    this.#log.add(this.#parts.clock.wallNow(), `attempt to reach Redis failed${why}`, failed);
  }
}

export function sampleOf(snapshot: MetricsSnapshot): Sample {
  const { at, lookups, errors, attempts, loads, journal } = snapshot;
  return {
    at: Date.parse(at),
    lookups,
    errors: errors.command + errors.connect + errors.decode,
    failedAttempts: attempts.error,
    loads: loads.inFlight,
    // JSON has no number for "unlimited".
    limit: Number.isFinite(loads.limit) ? loads.limit : null,
    journal: journal.entries,
  };
}
