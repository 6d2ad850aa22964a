import type { CacheEvents } from '../api/events.js';
import type { Emitter } from '../core/emitter.js';
import type { Clock } from '../core/time/clock.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { ListPlace } from '../loading/warm/list-place.js';
import type { WarmUp } from '../loading/warm/warm-up.js';
import type { Store } from '../tiers/store.js';
import type { Arguments } from './arguments/arguments.js';
import type { CacheConfig } from './options.js';
import type { StatusReporter } from './status/status-reporter.js';

export interface WarmSurroundings {
  readonly store: Store;
  readonly clock: Clock;
  /** The list of hot keys in Redis. */
  readonly kept: ListPlace;
  readonly loading: Pick<SingleFlight, 'background'>;
  readonly args: Pick<Arguments, 'checkKey'>;
  readonly events: Emitter<CacheEvents>;
  /** The servers. */
  readonly shards: { prove(): Promise<void> };
}

/** `undefined`: warming is switched off, and costs nothing. */
export function buildWarmUp(config: CacheConfig, parts: WarmSurroundings): WarmUp | undefined {
  const { warm, load, warnings } = config;
  if (warm === undefined) return undefined;
  const { store, clock, loading, args, kept } = parts;
  const { ListFile } =
    require('../loading/warm/list-file.js') as typeof import('../loading/warm/list-file.js');
  const { WarmUp } =
    require('../loading/warm/warm-up.js') as typeof import('../loading/warm/warm-up.js');
  const places = warm.file === undefined ? [kept] : [kept, new ListFile(warm.file)];
  const isKey = (text: unknown): boolean => {
    try {
      args.checkKey(text);
      return true;
    } catch {
      return false;
    }
  };
  const { background } = loading;
  const warmUp = new WarmUp({
    store,
    clock,
    config: warm,
    load,
    warnings,
    background,
    places,
    isKey,
    prove: () => parts.shards.prove(),
  });
  feed(warmUp, parts.events);
  return warmUp;
}

/** Tells warming which keys callers ask for, and when Redis is back. */
function feed(warm: WarmUp, events: Emitter<CacheEvents>): void {
  events.on('lookup', ({ key, outcome }) => warm.asked(key, outcome !== 'miss'));
  events.on('modechange', ({ to }) => {
    if (to === 'normal') warm.recovered();
  });
}

/** The same status, with the progress of warming while readiness waits for it. */
export function withWarming(
  reporter: Pick<StatusReporter, 'status'>,
  warm: WarmUp,
): Pick<StatusReporter, 'status'> {
  return { status: (source) => ({ ...reporter.status(source), ...warm.status }) };
}
