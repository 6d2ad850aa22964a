import { Emitter, type Unsubscribe } from '../core/emitter.js';
import { compileGlob } from '../core/glob.js';
import { invalid, parseFunction, parseOptions } from '../core/validate.js';
import { Budget } from './budget.js';
import { decodeValue, encodeValue } from './codec.js';
import type { CacheContext } from './context.js';
import { payloadOffset } from './entry.js';
import { checkKey, checkPattern } from './keys.js';
import type { Loads } from './loads.js';
import { parseTtl } from './options.js';
import { read, readMany } from './read.js';
import type { Found } from './standby.js';
import type {
  Cache,
  CacheEvents,
  CacheStatus,
  Loader,
  Lookup,
  SetOptions,
  WriteResult,
} from './types.js';
import { clear, type NewValue, remove, store } from './write.js';

/** What all handles of one cache share. */
export interface CacheCore {
  readonly context: CacheContext;
  readonly loads: Loads;
  readonly events: Emitter<CacheEvents>;
  status(): CacheStatus;
  close(): void;
}

/**
 * A handle on a cache: the application's own, or one request's, which has a budget for waiting on Redis
 * and hears its own lookups only.
 */
export class CacheHandle implements Cache {
  readonly #core: CacheCore;
  readonly #budget: Budget | undefined;
  readonly #ownEvents: Emitter<CacheEvents> | undefined;

  constructor(core: CacheCore, budget?: Budget) {
    this.#core = core;
    this.#budget = budget;
    this.#ownEvents = budget === undefined ? undefined : new Emitter(() => {});
  }

  /** The same cache for one request. */
  forRequest(): CacheHandle {
    const { clock, config } = this.#core.context;
    return new CacheHandle(this.#core, new Budget(clock, config.commandTimeoutMs));
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    checkKey(key);
    const found = await read(this.#core.context, key, this.#budget);
    return this.#answer(key, found)?.value as T | undefined;
  }

  async getOrSet<T>(key: string, loader: Loader<T>, options?: SetOptions): Promise<T> {
    checkKey(key);
    parseFunction(LOADER, loader);
    const { loads, context } = this.#core;
    const ttlMs = readTtl(context, options);
    const landing = await loads.getOrSet(key, loader, { ttlMs }, this.#budget);
    this.#count(key, landing.outcome, landing.tier);
    return landing.take() as T;
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<WriteResult> {
    checkKey(key);
    const newValue = this.#newValue(value, options);
    this.#core.loads.void(key);
    return store(this.#core.context, key, newValue, this.#budget);
  }

  async delete(key: string): Promise<WriteResult> {
    checkKey(key);
    this.#core.loads.void(key);
    return remove(this.#core.context, key, this.#budget);
  }

  async clear(pattern?: string): Promise<WriteResult> {
    const glob = checkPattern(pattern);
    this.#core.loads.voidMatching(compileGlob(glob));
    return clear(this.#core.context, glob);
  }

  async has(key: string): Promise<boolean> {
    checkKey(key);
    const found = await read(this.#core.context, key, this.#budget);
    return found !== undefined && !found.isStale;
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    for (const key of keys) checkKey(key);
    const unique = [...new Set(keys)];
    const found =
      unique.length === 0 ? [] : await readMany(this.#core.context, unique, this.#budget);
    const values = new Map<string, T>();
    unique.forEach((key, i) => {
      const answer = this.#answer(key, found[i]);
      if (answer !== undefined) values.set(key, answer.value as T);
    });
    return values;
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<WriteResult> {
    const values: [string, NewValue][] = [];
    for (const [key, value] of entries) {
      checkKey(key);
      values.push([key, this.#newValue(value, options)]);
    }
    const results = await Promise.all(
      values.map(([key, value]) => {
        this.#core.loads.void(key);
        return store(this.#core.context, key, value, this.#budget);
      }),
    );
    return results.every((result) => result === 'applied') ? 'applied' : 'deferred';
  }

  status(): CacheStatus {
    return this.#core.status();
  }

  on<Name extends keyof CacheEvents>(
    name: Name,
    listener: (event: CacheEvents[Name]) => unknown,
  ): Unsubscribe {
    parseFunction(LISTENER, listener);
    if (name !== 'modechange' && name !== 'lookup') {
      throw invalid(EVENT, "'modechange' or 'lookup'", name);
    }
    const isOwn = name === 'lookup' && this.#ownEvents !== undefined;
    return (isOwn ? (this.#ownEvents as Emitter<CacheEvents>) : this.#core.events).on(
      name,
      listener,
    );
  }

  async close(): Promise<void> {
    this.#core.close();
  }

  #newValue(value: unknown, options: SetOptions | undefined): NewValue {
    const ttlMs = readTtl(this.#core.context, options);
    return { payload: encodeValue(value), ttlMs, graceMs: 0, loadMs: 0 };
  }

  /** Decodes and counts what was found. An entry that cannot be decoded is a counted miss. */
  #answer(key: string, found: Found | undefined): { readonly value: unknown } | undefined {
    if (found !== undefined && !found.isStale) {
      try {
        const value = decodeValue(found.entry, payloadOffset(found.entry));
        this.#count(key, 'hit', found.tier);
        return { value };
      } catch {
        this.#core.context.metrics.errors++;
        this.#core.context.standby?.delete(key);
      }
    }
    this.#count(key, 'miss', undefined);
    return undefined;
  }

  #count(key: string, outcome: Lookup['outcome'], tier: Lookup['tier']): void {
    const { context, events } = this.#core;
    if (outcome === 'miss') context.metrics.misses++;
    else context.metrics.hits++;
    for (const emitter of [events, this.#ownEvents]) {
      if (emitter?.hears('lookup') !== true) continue;
      emitter.emit('lookup', { key, outcome, ...(tier === undefined ? {} : { tier }) });
    }
  }
}

const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;
const LISTENER = { name: 'the listener', code: 'ERR_CACHE_OPTION' } as const;
const EVENT = { name: 'the event', code: 'ERR_CACHE_OPTION' } as const;
const SET_OPTIONS = { name: 'the options', code: 'ERR_CACHE_OPTION' } as const;

function readTtl(context: CacheContext, given: SetOptions | undefined): number {
  if (given === undefined) return context.config.ttlMs;
  const { ttl } = parseOptions<SetOptions>(SET_OPTIONS, given, ['ttl']);
  return ttl === undefined ? context.config.ttlMs : parseTtl(ttl);
}
