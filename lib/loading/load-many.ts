import type { LoaderContext, ManyLoader } from '../api/loading.js';
import { CacheHealthError } from '../core/errors.js';
import { describe } from '../core/validate.js';
import type { Found } from '../tiers/standby.js';
import type { Bulkhead } from './bulkhead.js';
import type { LoadRequest } from './load-request.js';
import type { SharedValue } from './shared-value.js';
import type { SingleFlight } from './single-flight.js';

type Shared = Pick<LoadRequest, 'config' | 'budget' | 'signal'>;

/**
 * Loads several keys, each with a flight of its own (so that each is shared, leased and protected like
 * any other), and all flights that get to run their loader together with one call of it.
 * `missing` holds the stale entry of each key, if there is one.
 */
export async function loadMany(
  singleFlight: SingleFlight,
  bulkhead: Bulkhead,
  missing: ReadonlyMap<string, Found | undefined>,
  loader: ManyLoader<unknown>,
  shared: Shared,
): Promise<[string, SharedValue | undefined][]> {
  const batch = new Batch(missing.size, loader, bulkhead);
  return Promise.all(
    [...missing].map(async ([key, stale]): Promise<[string, SharedValue | undefined]> => {
      const request: LoadRequest = {
        ...shared,
        key,
        loader: (context) => batch.load(context),
        isBatched: true,
        onElsewhere: () => batch.excuse(key),
      };
      try {
        const sharedValue = await singleFlight.answer(request, stale);
        return [key, batch.wasNotGiven(key) ? undefined : sharedValue];
      } finally {
        batch.excuse(key);
      }
    }),
  );
}

interface Place {
  readonly context: LoaderContext<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Collects the keys whose flights are ready to load, and calls the loader when no other key of the call
 * can join any more: the others were found meanwhile, or another process is loading them.
 */
class Batch {
  readonly #loader: ManyLoader<unknown>;
  readonly #excused = new Set<string>();
  readonly #arrived = new Set<string>();
  readonly #notGiven = new Set<string>();
  readonly #bulkhead: Bulkhead;
  readonly #total: number;
  #places: Place[] = [];

  constructor(total: number, loader: ManyLoader<unknown>, bulkhead: Bulkhead) {
    this.#total = total;
    this.#loader = loader;
    this.#bulkhead = bulkhead;
  }

  load(context: LoaderContext<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#places.push({ context, resolve, reject });
      this.#arrived.add(context.key);
      this.#runIfComplete();
    });
  }

  wasNotGiven(key: string): boolean {
    return this.#notGiven.has(key);
  }

  /** This key will not join the others: they need not wait for it. */
  excuse(key: string): void {
    this.#excused.add(key);
    this.#runIfComplete();
  }

  #runIfComplete(): void {
    const known = new Set([...this.#arrived, ...this.#excused]);
    if (this.#places.length === 0 || known.size < this.#total) return;
    const places = this.#places;
    this.#places = [];
    void this.#run(places);
  }

  async #run(places: readonly Place[]): Promise<void> {
    const keys = places.map((place) => place.context.key);
    const signal = whenAllAbort(places.map((place) => place.context.signal));
    try {
      const result = await this.#bulkhead.run(async () => this.#loader(keys, { signal }));
      this.#give(places, asMap(result));
    } catch (error) {
      for (const place of places) place.reject(error);
    }
  }

  #give(places: readonly Place[], values: ReadonlyMap<string, unknown>): void {
    for (const { context, resolve } of places) {
      const { key } = context;
      if (!values.has(key)) {
        this.#notGiven.add(key);
        context.skip();
      }
      resolve(values.get(key));
    }
  }
}

/** Aborted when the last of the signals is. */
function whenAllAbort(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  let left = signals.length;
  for (const signal of signals) {
    const onAbort = (): void => {
      if (--left === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  }
  return controller.signal;
}

function asMap(result: unknown): ReadonlyMap<string, unknown> {
  if (result instanceof Map) return result;
  throw new CacheHealthError(
    'ERR_CACHE_LOADER',
    `The loader of getOrSetMany() must give a Map from key to value, got ${describe(result)}.`,
  );
}
