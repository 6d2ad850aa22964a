import type { Timer } from '../core/clock.js';
import { randomText } from '../core/random.js';
import { entryHead } from '../entry/entry.js';
import { fingerprint } from '../entry/fingerprint.js';
import type { Tagged } from '../redis/commands/replies.js';
import type { Session } from '../redis/commands/session.js';
import { Failure } from '../redis/failure.js';
import { type CacheContext, defer, redisKey, reportFailure } from './context.js';
import { readerFor } from './read.js';
import type { WaitBudget } from './wait-budget.js';
import { keep, keepForOutage, type NewValue, newEntry, writeDeadline, writerFor } from './write.js';

/** A process that dies while it loads is succeeded after this long. */
export const LEASE_MS = 600;
const RENEW_EVERY_MS = 200;

const TOKEN_LENGTH = 10;

/**
 * - `granted`: this process loads the key, and may store what it loads.
 * - `value`: somebody stored a fresh value meanwhile.
 * - `held`: another process is loading it, or died less than 600 ms ago.
 * - `none`: there is no Redis to ask; load, for this process alone.
 */
export type LeaseAnswer =
  | { readonly kind: 'granted'; readonly lease: Lease }
  | { readonly kind: 'value'; readonly entry: string }
  | { readonly kind: 'held' }
  | { readonly kind: 'none' };

/** Asks for the right to load a key. `isRefresh`: also when a fresh value is there. */
export async function acquireLease(
  context: CacheContext,
  key: string,
  budget: WaitBudget | undefined,
  isRefresh = false,
): Promise<LeaseAnswer> {
  const session = writerFor(context, budget);
  if (session === undefined || readerFor(context, key, budget) === undefined) return NONE;
  const token = randomText(TOKEN_LENGTH);
  const head = entryHead(context.generation(), fingerprint(key));
  const reply = session.acquire(redisKey(context, key), token, LEASE_MS, head, isRefresh);
  const answer = reply.then((tagged) => toAnswer(context, session, key, token, tagged));
  if (budget === undefined) return answer;
  const inTime = await budget.spend(answer, undefined);
  if (inTime !== undefined) return inTime;
  // Nobody waits for it any more: what is granted late is given back.
  void answer.then((late) => (late.kind === 'granted' ? late.lease.release() : undefined));
  return NONE;
}

const NONE: LeaseAnswer = { kind: 'none' };

function toAnswer(
  context: CacheContext,
  session: Session,
  key: string,
  token: string,
  reply: Tagged,
): LeaseAnswer {
  if (reply instanceof Failure) {
    reportFailure(context, reply);
    return NONE;
  }
  switch (reply.outcome) {
    case 'granted':
      return { kind: 'granted', lease: new Lease(context, session, key, token) };
    case 'value':
      return { kind: 'value', entry: String(reply.rest[0]) };
    case 'held':
      return { kind: 'held' };
    default:
      return NONE;
  }
}

/**
 * The right to store one loaded value. It lives in the entry's own slot, so whatever changes the slot
 * voids it: a delete, a set, a clear, another generation. It is renewed while the loader runs and ends
 * with `fill`, `release`, or the process.
 */
export class Lease {
  readonly #context: CacheContext;
  readonly #session: Session;
  readonly #key: string;
  readonly #token: string;
  /** Of the moment of the grant: what another generation's loader read is not for the present one. */
  readonly #generation: string;
  #timer: Timer | undefined;

  constructor(context: CacheContext, session: Session, key: string, token: string) {
    this.#context = context;
    this.#session = session;
    this.#key = key;
    this.#token = token;
    this.#generation = context.generation();
    this.#scheduleRenewal();
  }

  /** Stores the value, unless the lease is void. Without an answer it is kept in memory alone. */
  async fill(value: NewValue): Promise<void> {
    const context = this.#context;
    this.#timer?.cancel();
    const since = context.localChanges.position;
    const entry = newEntry(context, this.#key, value, this.#generation);
    const reply = await this.#session.fill(this.#slot(), this.#token, {
      ...entry,
      ttlMs: value.ttlMs + value.graceMs,
      deadlineMs: writeDeadline(context),
    });
    if (!context.localChanges.isUnchanged(this.#key, since)) return;
    if (reply instanceof Failure) {
      reportFailure(context, reply, value.payload.length);
      keepForOutage(context, this.#key, value);
      defer(context, this.#key, 'load');
    } else if (reply.outcome === 'applied' && this.#generation === context.generation()) {
      keep(context, this.#key, entry);
    }
  }

  /** Gives the right back without a value. */
  async release(): Promise<void> {
    this.#timer?.cancel();
    const reply = await this.#session.release(this.#slot(), this.#token);
    if (reply instanceof Failure) reportFailure(this.#context, reply);
  }

  /** Somebody changed the key: nothing to store, nothing to give back. */
  abandon(): void {
    this.#timer?.cancel();
  }

  #slot(): string {
    return redisKey(this.#context, this.#key);
  }

  #scheduleRenewal(): void {
    this.#timer = this.#context.clock.setTimer(() => void this.#renew(), RENEW_EVERY_MS);
  }

  async #renew(): Promise<void> {
    const reply = await this.#session.renew(this.#slot(), this.#token, LEASE_MS);
    if (reply instanceof Failure || reply.outcome !== 'applied') return;
    this.#scheduleRenewal();
  }
}
