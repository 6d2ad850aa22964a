import type { CacheEvents, LoadError, Lookup } from '../../api/events.js';
import type { LoadOutcome } from '../../api/metrics.js';
import { ATTEMPTS } from '../../core/diagnostics/channels.js';
import type { Emitter } from '../../core/emitter.js';
import { debug, IS_DEBUGGING } from '../../core/logger.js';
import { errorText } from '../../core/redact/redact.js';
import type { Clock } from '../../core/time/clock.js';
import { describe } from '../../core/validate.js';
import type { EvictionReason } from '../../memory/memory-tier.js';
import type { Failure } from '../../redis/failure.js';
import type { DoorState } from '../../redis/remote.js';
import type { ErrorKind, Observer, Outcome, SharedBy } from '../../tiers/observer.js';
import type { CacheConfig } from '../options.js';
import type { Metrics } from './metrics.js';
import type { StatusReporter } from './status-reporter.js';

/** The shortest time between two warnings of values that are too large. */
const WARN_EVERY_MS = 60_000;

export interface ObserverParts {
  readonly config: Pick<
    CacheConfig,
    'name' | 'logger' | 'redisName' | 'prefix' | 'journalMax' | 'maxValueBytes'
  >;
  readonly clock: Clock;
  readonly events: Emitter<CacheEvents>;
  readonly metrics: Metrics;
  readonly reporter: StatusReporter;
}

/** Gets every event of a cache, and counts it, emits it to listeners, or logs it. */
export class CacheObserver implements Observer {
  readonly #parts: ObserverParts;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Values that were too large since the last warning. */
  #unsaid = 0;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  looked(key: string, outcome: Outcome, tier: Lookup['tier']): void {
    const { metrics, events } = this.#parts;
    metrics.looked(outcome, tier);
    if (IS_DEBUGGING)
      debug(`${outcome} ${describe(key)}${tier === undefined ? '' : ` from ${tier}`}`);
    if (events.hears('lookup')) events.emit('lookup', lookup(key, outcome, tier));
  }

  nearChecked(ageMs: number): void {
    this.#parts.metrics.nearAges.observe(ageMs / 1_000);
  }

  stored(count: number): void {
    this.#parts.metrics.stored(count);
  }

  removed(count: number): void {
    this.#parts.metrics.removed(count);
  }

  failed(kind: ErrorKind, failure: Failure | undefined): void {
    const { metrics, reporter } = this.#parts;
    metrics.failed(kind);
    if (IS_DEBUGGING && failure !== undefined) {
      debug(`${kind} failed: ${failure.reason}, ${errorText(failure.error)}`);
    }
    if (failure !== undefined) reporter.onFailure(failure);
  }

  attempted(isOk: boolean): void {
    const { config, metrics } = this.#parts;
    metrics.attempted(isOk);
    if (ATTEMPTS.hasSubscribers) ATTEMPTS.publish({ cache: config.name, isOk });
  }

  replayed(count: number): void {
    this.#parts.metrics.replayed += count;
  }

  evicted(reason: EvictionReason): void {
    this.#parts.metrics.evictions[reason]++;
  }

  coalesced(by: SharedBy, count: number): void {
    this.#parts.metrics.shared[by] += count;
  }

  loaded(outcome: LoadOutcome, ms: number | undefined): void {
    this.#parts.metrics.loaded(outcome, ms);
  }

  loading(): void {}

  loadFailed(event: LoadError): void {
    this.#parts.events.emit('loaderror', event);
  }

  journalOverflowed(): void {
    const { logger, journalMax, prefix } = this.#parts.config;
    logger.warn(
      `more than ${journalMax} writes wait for Redis: every entry under the prefix '${prefix}' will count as gone when it is back.`,
    );
  }

  dataLost(): void {
    const { logger, redisName, prefix } = this.#parts.config;
    logger.error(
      `Redis (${redisName}) came back without writes it had acknowledged: every entry under the prefix '${prefix}' counts as gone.`,
    );
  }

  valueTooLarge(key: string, bytes: number): void {
    const { config, clock } = this.#parts;
    const now = clock.now();
    if (now - this.#warnedAt < WARN_EVERY_MS) {
      this.#unsaid++;
      return;
    }
    const others = this.#unsaid === 0 ? '' : ` So were ${this.#unsaid} others before it.`;
    this.#warnedAt = now;
    this.#unsaid = 0;
    config.logger.warn(
      `the value of ${describe(key)} has ${bytes} bytes and is not stored: maxValueBytes is ${config.maxValueBytes}.${others} Store less, or raise maxValueBytes.`,
    );
  }

  doorChanged(state: DoorState): void {
    if (IS_DEBUGGING) debug(doorLine(state, this.#parts.clock.now()));
    this.#parts.reporter.onDoorChange(state);
  }
}

/** `redis: open (timeout), next attempt in 250 ms`; `half-open` is an attempt. */
function doorLine(state: DoorState, now: number): string {
  const reason = 'reason' in state ? ` (${state.reason})` : '';
  const wait =
    'nextAttemptAt' in state ? Math.max(0, Math.round(state.nextAttemptAt - now)) : undefined;
  return `redis: ${state.name}${reason}${wait === undefined ? '' : `, next attempt in ${wait} ms`}`;
}

/** The event for one answered key. */
export function lookup(key: string, outcome: Outcome, tier: Lookup['tier']): Lookup {
  return tier === undefined ? { key, outcome } : { key, outcome, tier };
}
