import type { Loader, LoaderContext } from '../api/loading.js';
import { formatDuration, parseDuration } from '../core/duration.js';
import { CacheHealthError } from '../core/errors.js';
import { encodeValue } from '../entry/codec.js';
import type { CacheContext } from '../tiers/context.js';
import type { Flight } from './flight.js';
import type { LoadConfig } from './loading-options.js';

/** What a loader made of a key. */
export interface Loaded {
  readonly payload: string;
  readonly ttlMs: number;
  /** How long the loader took. */
  readonly loadMs: number;
  readonly isSkipped: boolean;
}

const TTL = { name: 'the ttl given to setTtl()', code: 'ERR_CACHE_OPTION' } as const;

/**
 * Runs a loader once. Rejects with its error, with `ERR_CACHE_LOADER_TIMEOUT` when it takes too long
 * (its signal is aborted then, and what it still brings is dropped), with the abort's reason when
 * nobody waits any more, or with `ERR_CACHE_VALUE` when its value cannot be encoded.
 */
export async function runLoader(
  context: CacheContext,
  flight: Flight,
  key: string,
  loader: Loader<unknown>,
  config: LoadConfig,
  stale: { readonly value: unknown } | undefined,
): Promise<Loaded> {
  const { clock } = context;
  flight.signal.throwIfAborted();
  const startedAt = clock.now();
  let ttlMs = config.ttlMs;
  let isSkipped = false;
  const loaderContext: LoaderContext<unknown> = {
    key,
    signal: flight.signal,
    ...(stale === undefined ? {} : { stale: stale.value }),
    setTtl(ttl) {
      ttlMs = parseDuration(TTL, ttl);
    },
    skip() {
      isSkipped = true;
    },
  };
  const running = new Promise<unknown>((resolve) => {
    resolve(loader(loaderContext));
  });
  const value = await withinLoaderTimeout(context, flight, key, config, running);
  const payload = encodeValue(value);
  return { payload, ttlMs, loadMs: clock.now() - startedAt, isSkipped };
}

async function withinLoaderTimeout(
  context: CacheContext,
  flight: Flight,
  key: string,
  config: LoadConfig,
  running: Promise<unknown>,
): Promise<unknown> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(flight.signal.reason);
    flight.signal.addEventListener('abort', onAbort, { once: true });
    const giveUp = (): void => flight.abort(timeoutError(key, config.loaderTimeoutMs));
    const timer = context.clock.setTimer(giveUp, config.loaderTimeoutMs, { ref: true });
    stop = () => {
      timer.cancel();
      flight.signal.removeEventListener('abort', onAbort);
    };
    if (flight.signal.aborted) onAbort();
  });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    stop();
  }
}

function timeoutError(key: string, ms: number): CacheHealthError {
  return new CacheHealthError(
    'ERR_CACHE_LOADER_TIMEOUT',
    `The loader of '${key}' took longer than ${formatDuration(ms)}. Make it faster, raise loaderTimeout, or give the entry a grace so that a stale value can serve.`,
  );
}
