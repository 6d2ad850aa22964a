import type { CacheEvents } from '../api/events.js';
import type { CacheFreshness } from '../api/freshness.js';
import type { MetricsSnapshot } from '../api/metrics.js';
import type { Emitter } from '../core/emitter.js';
import type { Turns } from '../core/time/turns.js';
import type { EdgeTier } from '../edge/edge-tier.js';
import type { LoadConfig } from '../loading/loading-options.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { Observer } from '../tiers/observer.js';
import type { Store } from '../tiers/store.js';
import type { Arguments } from './arguments/arguments.js';
import type { BulkChanges } from './changes/bulk-changes.js';
import type { CacheConfig } from './options.js';
import type { StatusReporter } from './status/status-reporter.js';

/** The parts that all handles of one cache share. create-cache.ts builds them. */
export interface CacheParts {
  readonly config: Pick<CacheConfig, 'load' | 'name' | 'share'>;
  readonly store: Store;
  readonly loading: Pick<SingleFlight, 'answer' | 'answerMany' | 'hit' | 'isClosed'>;
  readonly observer: Observer;
  readonly reporter: Pick<StatusReporter, 'status'>;
  readonly events: Emitter<CacheEvents>;
  /** Absent: there is no CDN. */
  readonly edge?: EdgeTier | undefined;
  readonly args: Arguments;
  readonly turns: Turns;
  readonly bulkChanges: BulkChanges;
  readonly freshness: CacheFreshness;
  takeSnapshot(): MetricsSnapshot;
  /** Asks Redis, if it has not answered lately; `undefined`: it has, or it is not used. */
  look(): Promise<unknown> | undefined;
  onListenerError(error: unknown): void;
  /** Harmless when called twice. */
  close(): unknown;
}

/** What the response cache needs of the cache that a request has. */
export interface CacheTiers {
  readonly store: Store;
  readonly edge: EdgeTier | undefined;
  readonly loading: Pick<SingleFlight, 'answer'>;
  /** How values are loaded when the caller does not say. */
  readonly load: LoadConfig;
  /** Its lookups are those of one request. */
  readonly isOfRequest: boolean;
}

export function tiersOf(
  { edge, loading, config }: CacheParts,
  store: Store,
  isOfRequest: boolean,
): CacheTiers {
  return { store, edge, loading, load: config.load, isOfRequest };
}
