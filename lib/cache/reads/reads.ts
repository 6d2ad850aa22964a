import type { Loader, LoadOptions, ManyLoader } from '../../api/loading.js';
import { parseFunction } from '../../core/validate.js';
import { payloadOffset } from '../../entry/entry.js';
import { decodeFor, handOut } from '../../entry/sharing.js';
import type { LoadRequest } from '../../loading/load-request.js';
import type { Outcome } from '../../tiers/observer.js';
import type { Found, Store } from '../../tiers/store.js';
import { loadArguments } from '../arguments/load-arguments.js';
import { findMany, type Lookups, loadMany, staleIn, uniqueKeys } from '../bulk-reads.js';
import type { CacheParts } from '../cache-parts.js';

const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;

/** Gets every lookup of a handle. */
export interface Audience {
  looked(key: string, outcome: Outcome, tier: Found['tier'] | undefined): void;
}

interface Hit {
  readonly value: unknown;
}

/**
 * The methods of a handle that read values. What memory has is answered without a promise of the store: an async
 * function around it would cost as much as the rest of such a hit.
 */
export class Reads {
  readonly #parts: CacheParts;
  readonly #store: Store;
  readonly #audience: Audience;

  constructor(parts: CacheParts, store: Store, audience: Audience) {
    this.#parts = parts;
    this.#store = store;
    this.#audience = audience;
  }

  get<T>(key: string): Promise<T | undefined> {
    try {
      const full = this.#parts.args.fullKey(key);
      const answer = this.#store.get(full);
      if (answer instanceof Promise) return this.#later(full, answer) as Promise<T | undefined>;
      const value = this.#valueOf(full, answer) as T | undefined;
      const turn = answer === undefined ? this.#parts.turns.due() : undefined;
      return turn === undefined ? Promise.resolve(value) : turn.then(() => value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async has(key: string): Promise<boolean> {
    const answer = this.#store.get(this.#parts.args.fullKey(key));
    const found = answer instanceof Promise ? await answer : answer;
    if (answer === undefined) await this.#parts.turns.due();
    return found?.isStale === false;
  }

  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const unique = await uniqueKeys(this.#parts, keys);
    const { args, turns } = this.#parts;
    const values = new Map<string, T>();
    await findMany({ store: this.#store, turns }, unique, (key, found) => {
      const hit = this.#freshHit(key, found);
      if (hit === undefined) this.#audience.looked(key, 'miss', undefined);
      else values.set(args.ownKey(key), hit.value as T);
    });
    return values;
  }

  getOrSet<T, Stale>(
    key: string,
    loader: Loader<T, Stale>,
    options: LoadOptions | undefined,
  ): Promise<T> {
    try {
      const full = this.#parts.args.fullKey(key);
      const load = parseFunction<Loader<unknown>>(LOADER, loader);
      const { config, store, signal } = loadArguments(this.#parts.config, this.#store, options);
      const { isClosed: isAfterClose } = this.#parts.loading;
      const request = { key: full, loader: load, config, store, signal, isAfterClose };
      const answer = this.#store.get(full);
      const hit = answer instanceof Promise ? undefined : this.#requestedHit(request, answer);
      if (hit !== undefined) return Promise.resolve(hit.value as T);
      return this.#load(request, answer, options?.ttl) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: ManyLoader<T>,
    options: LoadOptions | undefined,
  ): Promise<Map<string, T>> {
    const load = parseFunction<ManyLoader<unknown>>(LOADER, loader);
    const { args, loading, turns } = this.#parts;
    const given = loadArguments(this.#parts.config, this.#store, options);
    const request = { loader: load, ...given, isAfterClose: loading.isClosed };
    const unique = await uniqueKeys(this.#parts, keys);
    args.noteTtl(options?.ttl);
    const reader = { store: this.#store, turns, loading };
    const values = await loadMany(reader, { keys: unique, request }, this.lookups);
    return args.ownKeys(values) as Map<string, T>;
  }

  get lookups(): Lookups {
    return {
      hit: (key, found) => this.#hit(key, found),
      loaded: (key, answer) => this.#audience.looked(key, answer?.outcome ?? 'miss', answer?.tier),
    };
  }

  async #later(key: string, answer: Promise<Found | undefined>): Promise<unknown> {
    return this.#valueOf(key, await answer);
  }

  /** Returns the answer of `get`, and counts it. */
  #valueOf(key: string, found: Found | undefined): unknown {
    const hit = this.#freshHit(key, found);
    if (hit === undefined) this.#audience.looked(key, 'miss', undefined);
    return hit?.value;
  }

  /** The answer of `getOrSet`, if memory has not given one. */
  async #load(
    request: LoadRequest,
    answer: Found | undefined | Promise<Found | undefined>,
    ttl: unknown,
  ): Promise<unknown> {
    const isRead = !(answer instanceof Promise);
    const found = isRead ? answer : await answer;
    const hit = isRead ? undefined : this.#requestedHit(request, found);
    if (hit !== undefined) return hit.value;
    this.#parts.args.noteTtl(ttl);
    const { value, outcome, tier } = await this.#parts.loading.answer(request, staleIn(found));
    await this.#parts.turns.due();
    this.#audience.looked(request.key, outcome, tier);
    return value;
  }

  #requestedHit(request: LoadRequest, found: Found | undefined): Hit | undefined {
    const hit = this.#freshHit(request.key, found);
    if (found !== undefined && hit !== undefined) this.#parts.loading.hit(request, found.entry);
    return hit;
  }

  #freshHit(key: string, found: Found | undefined): Hit | undefined {
    return found?.isStale === false ? this.#hit(key, found) : undefined;
  }

  /** Decodes and counts a hit. An entry that cannot be decoded is a miss. */
  #hit(key: string, { entry, tier, kept }: Found): Hit | undefined {
    try {
      const { share } = this.#parts.config;
      const hit =
        kept === undefined
          ? decodeFor(share, entry, payloadOffset(entry))
          : { value: handOut(kept) };
      this.#audience.looked(key, 'hit', tier);
      return hit;
    } catch {
      this.#store.unreadable(key);
      return undefined;
    }
  }
}
