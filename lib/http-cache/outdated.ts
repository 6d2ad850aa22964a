import type { LoaderContext } from '../api/loading.js';
import { withoutEdge } from '../edge/edged-store.js';
import { allTags } from '../loading/loading-options.js';
import type { Claim, Found, Store } from '../tiers/store.js';
import { isUpToDate } from './ingredients.js';
import { readStock, type Stock, type Stored } from './record.js';
import type { Visit } from './visit.js';

/** After a failed run of a handler, the old answer serves for this long before the next try. */
const AFTER_FAILURE_MS = 1_000;
const MOST_KEYS = 1_000;

/** An order to make an answer again. */
export interface Remake {
  readonly visit: Visit;
  readonly key: string;
  readonly load: (context: LoaderContext<unknown>) => Promise<unknown>;
}

/**
 * Stored answers that were made of values which have changed since, or are gone. Such an answer is made again, once for all
 * visitors; the old one serves only if that fails.
 */
export class Outdated {
  readonly #failures = new Map<string, number>();

  /** Whether a stored answer is one. Costs one round trip if it was made of cached values. */
  async has({ versions }: Visit, { head }: Stored): Promise<boolean> {
    if (versions === undefined || head.madeOf === undefined) return false;
    return !(await isUpToDate(head.madeOf, versions));
  }

  /** Resolves with what is stored afterwards, or with the old answer when the handler failed or another process loads. */
  async remake({ visit, key, load }: Remake): Promise<Stock | undefined> {
    const { tiers, options } = visit;
    if (tiers === undefined) return undefined;
    const { ttlMs, graceMs } = options.config;
    const tags = allTags(tiers.load, visit.tags);
    const full = visit.scope + key;
    const found = await tiers.store.get(full);
    dropFromMemory(tiers.store, full, found);
    const request = {
      key: full,
      loader: load,
      store: overFresh(tiers.store),
      signal: undefined,
      config: { ...tiers.load, ttlMs: Math.max(1, ttlMs), graceMs, tags, ...PATIENT },
    };
    return readStock((await tiers.loading.answer(request, found)).value);
  }

  /** A run of the handler that was to replace the answer has failed. */
  failed(key: string, nowMs: number): void {
    this.#failures.delete(key);
    this.#failures.set(key, nowMs);
    if (this.#failures.size > MOST_KEYS)
      this.#failures.delete([...this.#failures.keys()][0] as string);
  }

  hasFailed(key: string, nowMs: number): boolean {
    const at = this.#failures.get(key);
    return at !== undefined && nowMs - at < AFTER_FAILURE_MS;
  }
}

const PATIENT = { softTimeoutMs: Number.POSITIVE_INFINITY, refreshAhead: 0 } as const;

/** The same store, in which a fresh value does not keep a key from being loaded. */
function overFresh(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'claim')
        return (keys: readonly string[]): Promise<readonly Claim[]> =>
          target.claim(keys, 'refresh');
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Without Redis, memory would answer in place of the handler. The first visitor removes the old answer from it. */
function dropFromMemory(store: Store, key: string, found: Found | undefined): void {
  if (found?.tier !== 'memory') return;
  if (store.peek(key)?.entry === found.entry) void withoutEdge(store).remove(key);
}
