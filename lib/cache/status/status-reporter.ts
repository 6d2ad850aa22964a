import type { CacheEvents } from '../../api/events.js';
import type { CacheReason } from '../../api/reason.js';
import type { CacheMode, CacheStatus } from '../../api/status.js';
import { inBackground } from '../../core/background.js';
import { MODES } from '../../core/diagnostics/channels.js';
import type { Emitter } from '../../core/emitter.js';
import { errorText } from '../../core/redact/redact.js';
import type { Clock } from '../../core/time/clock.js';
import type { EdgeState } from '../../edge/edge-tier.js';
import { type Failure, LASTING } from '../../redis/failure.js';
import type { DoorState } from '../../redis/remote.js';
import type { Store, StoreState } from '../../tiers/store.js';
import type { CacheConfig } from '../options.js';
import type { CacheLog } from './cache-log.js';
import { disabledLine, outageLine, recoveryLine, serviceLine } from './log-lines.js';
import type { Metrics } from './metrics.js';
import { buildStatus } from './status.js';

/** The parts that the reporter uses. */
export interface ReporterParts {
  readonly config: Pick<CacheConfig, 'name' | 'redisName' | 'prefix' | 'disabledBy'>;
  readonly clock: Clock;
  readonly events: Emitter<CacheEvents>;
  readonly metrics: Metrics;
  readonly edge?: () => EdgeState | undefined;
  readonly log: CacheLog;
}

/** The state of a cache that is not started yet. */
type StateSource = Pick<Store, 'state'>;

/**
 * Keeps the history that `status()` shows, and turns each change of the door into one event and one log line:
 * `error` when the cache degrades, `info` when it is back, and when Redis serves for the first time. A request
 * logs nothing.
 */
export class StatusReporter {
  readonly #parts: ReporterParts;
  #source: StateSource | undefined;
  #mode: CacheMode = 'degraded';
  /** The mode before; absent until the first change. */
  #from: CacheMode | undefined;
  #since = 0;
  #enteredAt = 0;
  #lastError: string | undefined;
  #lastErrorAt: number | undefined;
  /** The newest error for each reason. */
  readonly #errors = new Map<CacheReason, string>();
  #hasServed = false;
  /** When the outage that was logged began. */
  #announcedAt: number | undefined;
  /** Why, as the log says last. */
  #announcedReason: CacheReason | undefined;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** From now on reports the store's state. */
  start(source: StateSource): void {
    const { clock, config, log } = this.#parts;
    this.#source = source;
    this.#mode = this.#state(source).mode;
    this.#since = clock.wallNow();
    this.#enteredAt = clock.now();
    if (config.disabledBy !== undefined) {
      log.write(disabledLine(config.disabledBy));
    }
  }

  status(source: StateSource): CacheStatus {
    const { config, metrics } = this.#parts;
    const state = this.#state(source);
    return buildStatus(state, {
      metrics: metrics.snapshot(),
      redisName: config.redisName,
      disabledBy: config.disabledBy,
      since: this.#since,
      nextProbeAt: this.#wallTimeOf(state.nextAttemptAt),
      lastError: this.#lastError,
      lastErrorAt: this.#lastErrorAt,
      dateOf: (at) => this.#dateOf(at),
      reasonError: this.#errorOf(state),
      edge: this.#parts.edge?.(),
    });
  }

  onFailure(failure: Failure): void {
    this.#lastError = errorText(failure.error);
    this.#lastErrorAt = this.#parts.clock.wallNow();
    this.#errors.set(failure.reason, this.#lastError);
  }

  onDoorChange({ name }: DoorState): void {
    // A close is no degradation.
    if (this.#source === undefined || name === 'shut') return;
    const state = this.#state(this.#source);
    if (state.mode !== this.#mode) this.#change(state);
    if (state.mode === 'normal') this.#announceService();
    else if (name === 'open' || name === 'read-only') this.#announceOutage(state);
  }

  #dateOf(at: number): number {
    const { clock } = this.#parts;
    return clock.wallNow() + at - clock.now();
  }

  /** Seconds spent in each mode. */
  get modeSeconds(): Readonly<Record<CacheMode, number>> {
    const { clock, metrics } = this.#parts;
    return metrics.modes.secondsWith(this.#mode, clock.now() - this.#enteredAt);
  }

  /** A future moment as a date. */
  #wallTimeOf(at: number | undefined): number | undefined {
    const { clock } = this.#parts;
    return at === undefined ? undefined : clock.wallNow() + Math.max(0, at - clock.now());
  }

  #state({ state }: StateSource): StoreState {
    const isOff = this.#parts.config.disabledBy !== undefined;
    return isOff ? { ...state, mode: 'database-only', reason: 'disabled' } : state;
  }

  #change({ mode: to, reason }: StoreState): void {
    const { clock, config, events, metrics } = this.#parts;
    const from = this.#mode;
    const now = clock.now();
    const durationMs = now - this.#enteredAt;
    this.#from = from;
    this.#mode = to;
    this.#enteredAt = now;
    this.#since = clock.wallNow();
    metrics.modes.changed({ from, to, durationMs });
    const why = to === 'normal' || reason === undefined ? {} : { reason };
    // The request that noticed the change has nothing to do with it.
    inBackground(() => {
      const change = { from, to, durationMs, ...why };
      events.emit('modechange', change);
      if (MODES.hasSubscribers) MODES.publish({ cache: config.name, ...change });
    });
  }

  #errorOf({ reason }: StoreState): string | undefined {
    return reason === undefined ? undefined : this.#errors.get(reason);
  }

  /** Says once that Redis serves, and after each outage that it serves again. */
  #announceService(): void {
    const { clock, config, log } = this.#parts;
    const isFirst = !this.#hasServed;
    this.#hasServed = true;
    if (this.#announcedAt === undefined) {
      if (isFirst) log.write(serviceLine(config));
      return;
    }
    const ms = clock.now() - this.#announcedAt;
    const outage = { reason: this.#announcedReason, from: this.#from, ms };
    this.#announcedAt = undefined;
    this.#announcedReason = undefined;
    log.write(recoveryLine(config.redisName, outage));
  }

  /**
   * Logs an outage once, and once more if it turns out that a person must fix something: an outage that has
   * passed is no news.
   */
  #announceOutage(state: StoreState): void {
    const { reason } = state;
    const isNews = reason !== undefined && LASTING.has(reason) && reason !== this.#announcedReason;
    if (this.#announcedAt !== undefined && !isNews) return;
    const { clock, config, log } = this.#parts;
    this.#announcedAt ??= clock.now();
    this.#announcedReason = reason;
    const { redisName } = config;
    const error = this.#errorOf(state);
    const outage = { redisName, since: this.#since, error };
    log.write(outageLine(state, { ...outage, from: this.#from }));
  }
}
