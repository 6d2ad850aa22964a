import type { Budget } from './budget.js';
import { decodeValue, encodeValue } from './codec.js';
import { type CacheContext, defer } from './context.js';
import { payloadOffset } from './entry.js';
import { acquireLease, type Lease, type LeaseAnswer } from './lease.js';
import { read } from './read.js';
import type { Loader, Lookup } from './types.js';
import { keepForOutage, type NewValue } from './write.js';

/** How long a caller waits for another process that loads the same key. */
const LEASE_WAIT_MS = 1_000;
const POLL_SHORTEST_MS = 10;
const POLL_LONGEST_MS = 50;

/** What a flight brings: the value's text, which each caller decodes for itself, so that none shares an object with another. */
export class Landing {
  readonly outcome: Lookup['outcome'];
  readonly tier: 'redis' | 'memory' | undefined;
  readonly #text: string;
  readonly #offset: number;
  /** Decoded once to know that it can be; the first caller takes that object. */
  #first: { readonly value: unknown } | undefined;

  /** Throws when the text cannot be decoded. */
  constructor(
    text: string,
    offset: number,
    outcome: Lookup['outcome'],
    tier: 'redis' | 'memory' | undefined,
  ) {
    this.#text = text;
    this.#offset = offset;
    this.outcome = outcome;
    this.tier = tier;
    this.#first = { value: decodeValue(text, offset) };
  }

  take(): unknown {
    const first = this.#first;
    if (first === undefined) return decodeValue(this.#text, this.#offset);
    this.#first = undefined;
    return first.value;
  }
}

interface Flight {
  readonly landing: Promise<Landing>;
  /** The key was changed since the flight began: what it brings is not stored. */
  isVoid: boolean;
}

export interface LoadOptions {
  readonly ttlMs: number;
}

/**
 * One load per key: the first caller looks the key up and, if it must, loads it; callers that come
 * meanwhile share the outcome.
 *
 * Invariants: a key has one flight at most; a change of the key voids its flight and takes it off the
 * list, so that later callers start anew; a void flight's value reaches its callers and no tier.
 */
export class Loads {
  readonly #context: CacheContext;
  readonly #flights = new Map<string, Flight>();

  constructor(context: CacheContext) {
    this.#context = context;
  }

  getOrSet(
    key: string,
    loader: Loader<unknown>,
    options: LoadOptions,
    budget: Budget | undefined,
  ): Promise<Landing> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running.landing;
    const flight: { isVoid: boolean; landing?: Promise<Landing> } = { isVoid: false };
    const landing = this.#fly(flight as Flight, key, loader, options, budget);
    flight.landing = landing;
    this.#flights.set(key, flight as Flight);
    const end = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    landing.then(end, end);
    return landing;
  }

  void(key: string): void {
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    flight.isVoid = true;
    this.#flights.delete(key);
  }

  voidMatching(matches: (key: string) => boolean): void {
    for (const key of [...this.#flights.keys()]) if (matches(key)) this.void(key);
  }

  async #fly(
    flight: Flight,
    key: string,
    loader: Loader<unknown>,
    options: LoadOptions,
    budget: Budget | undefined,
  ): Promise<Landing> {
    const found = await read(this.#context, key, budget);
    if (found !== undefined && !found.isStale) {
      const landing = this.#landingOf(found.entry, found.tier);
      if (landing !== undefined) return landing;
    }
    let answer = await this.#untilLoadable(key, budget);
    if (answer.kind === 'value') {
      const landing = this.#landingOf(answer.entry, 'redis');
      if (landing !== undefined) return landing;
      // Unreadable though fresh: load it anew over what is there.
      answer = await acquireLease(this.#context, key, budget, true);
    }
    const lease = answer.kind === 'granted' ? answer.lease : undefined;
    return this.#load(flight, key, loader, options, answer.kind, lease);
  }

  /** Waits while another process loads the key, but not for long. */
  async #untilLoadable(key: string, budget: Budget | undefined): Promise<LeaseAnswer> {
    const { clock } = this.#context;
    const giveUpAt = clock.now() + LEASE_WAIT_MS;
    let pause = POLL_SHORTEST_MS;
    let answer = await acquireLease(this.#context, key, budget);
    while (answer.kind === 'held' && clock.now() < giveUpAt) {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, pause, { ref: true });
      });
      pause = Math.min(POLL_LONGEST_MS, pause * 1.5);
      answer = await acquireLease(this.#context, key, budget);
    }
    return answer;
  }

  async #load(
    flight: Flight,
    key: string,
    loader: Loader<unknown>,
    options: LoadOptions,
    kind: LeaseAnswer['kind'],
    lease: Lease | undefined,
  ): Promise<Landing> {
    let payload: string;
    try {
      payload = encodeValue(await loader());
    } catch (error) {
      if (flight.isVoid) lease?.abandon();
      else void lease?.release();
      throw error;
    }
    const value: NewValue = { payload, ttlMs: options.ttlMs, graceMs: 0, loadMs: 0 };
    if (flight.isVoid) lease?.abandon();
    else await this.#publish(key, value, kind, lease);
    return new Landing(payload, 0, 'miss', undefined);
  }

  /** Under a lease the value goes to both tiers; without Redis to memory; where another process holds the lease, nowhere. */
  async #publish(
    key: string,
    value: NewValue,
    kind: LeaseAnswer['kind'],
    lease: Lease | undefined,
  ): Promise<void> {
    if (kind === 'held' || kind === 'value') return;
    this.#context.metrics.sets++;
    if (lease !== undefined) return lease.fill(value);
    keepForOutage(this.#context, key, value);
    defer(this.#context, key, 'load');
  }

  #landingOf(entry: string, tier: 'redis' | 'memory'): Landing | undefined {
    try {
      return new Landing(entry, payloadOffset(entry), 'hit', tier);
    } catch {
      this.#context.metrics.errors++;
      return undefined;
    }
  }
}
