import type { CacheEvents } from '../../api/events.js';
import type { CacheMode, CacheStatus } from '../../api/status.js';
import { formatDuration } from '../../core/duration.js';
import type { Emitter } from '../../core/emitter.js';
import { errorText } from '../../core/redact.js';
import type { Failure } from '../../redis/failure.js';
import type { DoorState } from '../../redis/door/door-state.js';
import type { CacheContext } from '../../tiers/context.js';
import type { CacheConfig } from '../options.js';
import { currentReason, modeOf } from './mode.js';
import { REASONS } from './reasons.js';
import { buildStatus, isNotUsed, serving } from './status.js';

/**
 * Keeps the history that `status()` shows, and turns the door's changes into one event and one log line
 * each: `error` when the cache degrades, `info` when it is back, nothing for a request.
 */
export class StatusReporter {
  readonly #events: Emitter<CacheEvents>;
  #context: CacheContext<CacheConfig> | undefined;
  #mode: CacheMode;
  #since: number;
  #enteredAt: number;
  #lastError: string | undefined;
  #lastErrorAt: number | undefined;
  /** When the outage that was logged began. */
  #announcedAt: number | undefined;

  constructor(events: Emitter<CacheEvents>, mode: CacheMode, nowMs: number, wallMs: number) {
    this.#events = events;
    this.#mode = mode;
    this.#since = wallMs;
    this.#enteredAt = nowMs;
  }

  /** The context cannot exist before the reporter that its parts report to. */
  attach(context: CacheContext<CacheConfig>): void {
    this.#context = context;
  }

  status(context: CacheContext<CacheConfig>): CacheStatus {
    return buildStatus(context, {
      since: this.#since,
      lastError: this.#lastError,
      lastErrorAt: this.#lastErrorAt,
    });
  }

  onFailure(failure: Failure, wallMs: number): void {
    this.#lastError = errorText(failure.error);
    this.#lastErrorAt = wallMs;
  }

  onDoorChange(state: DoorState): void {
    const context = this.#context;
    // Closing is no degradation.
    if (context === undefined || state.name === 'shut') return;
    const mode = modeOf(state, context.standby !== undefined);
    const from = this.#mode;
    if (mode !== from) this.#change(context, from, mode);
    this.#announce(context, mode, state);
  }

  #change(context: CacheContext<CacheConfig>, from: CacheMode, to: CacheMode): void {
    const now = context.clock.now();
    const durationMs = now - this.#enteredAt;
    this.#mode = to;
    this.#enteredAt = now;
    this.#since = context.clock.wallNow();
    const reason = to === 'normal' ? undefined : currentReason(context);
    this.#events.emit('modechange', {
      from,
      to,
      durationMs,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #announce(context: CacheContext<CacheConfig>, mode: CacheMode, state: DoorState): void {
    const { logger, redisName } = context.config;
    const now = context.clock.now();
    if (mode === 'normal' && this.#announcedAt !== undefined) {
      const length = formatDuration(now - this.#announcedAt);
      this.#announcedAt = undefined;
      logger.info(`[express-cache-health] Redis (${redisName}) serves again after ${length}.`);
      return;
    }
    const isTrouble = state.name === 'open' || state.name === 'read-only';
    if (!isTrouble || this.#announcedAt !== undefined) return;
    this.#announcedAt = now;
    const since = new Date(context.clock.wallNow()).toISOString();
    const [what, advice] = REASONS[state.reason];
    logger.error(
      `[express-cache-health] Redis (${redisName}) ${isNotUsed(context)} since ${since}: ${what}. ${serving(context)} ${advice}`,
    );
  }
}
