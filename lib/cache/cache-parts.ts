import type { CacheEvents } from '../api/events.js';
import type { MetricsSnapshot } from '../api/metrics.js';
import type { Emitter } from '../core/emitter.js';
import type { Turns } from '../core/time/turns.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { Observer } from '../tiers/observer.js';
import type { Store } from '../tiers/store.js';
import type { Arguments } from './arguments/arguments.js';
import type { BulkChanges } from './bulk-changes.js';
import type { CacheConfig } from './options.js';
import type { StatusReporter } from './status/status-reporter.js';

/** The parts that all handles of one cache share. create-cache.ts builds them. */
export interface CacheParts {
  readonly config: Pick<CacheConfig, 'load' | 'name'>;
  readonly store: Store;
  readonly loading: Pick<SingleFlight, 'answer' | 'answerMany' | 'refreshEarly'>;
  readonly observer: Observer;
  readonly reporter: Pick<StatusReporter, 'status'>;
  readonly events: Emitter<CacheEvents>;
  readonly args: Arguments;
  readonly turns: Turns;
  readonly bulkChanges: BulkChanges;
  takeSnapshot(): MetricsSnapshot;
  onListenerError(error: unknown): void;
  /** Harmless when called twice. */
  close(): void;
}
