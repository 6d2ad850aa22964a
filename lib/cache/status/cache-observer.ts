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
import type { CacheLog } from './cache-log.js';
import { lossLine, overflowLine, tooLargeLine } from './log-lines.js';
import type { Metrics } from './metrics.js';
import type { StatusReporter } from './status-reporter.js';

export interface ObserverParts {
  readonly config: Pick<
    CacheConfig,
    'name' | 'redisName' | 'prefix' | 'journalMax' | 'maxValueBytes'
  >;
  readonly log: CacheLog;
  readonly clock: Clock;
  readonly events: Emitter<CacheEvents>;
  readonly metrics: Metrics;
  readonly reporter: StatusReporter;
}

/** Gets every event of a cache, and counts it, emits it to listeners, or logs it. */
export class CacheObserver implements Observer {
  readonly #parts: ObserverParts;

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
    this.#parts.log.write(overflowLine(this.#parts.config));
  }

  dataLost(): void {
    this.#parts.log.write(lossLine(this.#parts.config));
  }

  valueTooLarge(key: string, bytes: number): void {
    const { config, log } = this.#parts;
    log.write(tooLargeLine(config, describe(key), bytes));
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
