import type { WriteResult } from '../api/cache.js';
import { compileGlob, escapeGlob } from '../core/glob.js';
import { entryParts, tombstoneHead } from '../entry/entry.js';
import { fingerprint } from '../entry/fingerprint.js';
import type { Tagged } from '../redis/commands/replies.js';
import type { EntryParts, Session } from '../redis/commands/session.js';
import { Failure } from '../redis/failure.js';
import { type CacheContext, defer, firstAttempt, redisKey, reportFailure } from './context.js';
import { OUT_OF_BUDGET, type WaitBudget } from './wait-budget.js';

/** A value on its way into the cache. */
export interface NewValue {
  readonly payload: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
}

/** A value on its way to Redis. `since`: the changes counted when it was sent last; a read that was answered before must not be kept over it. */
interface Sending {
  readonly session: Session;
  readonly key: string;
  readonly value: NewValue;
  readonly budget: WaitBudget | undefined;
  since: number;
}

/**
 * A tombstone outlives every write that may still be on its way when its key is deleted; those carry a
 * deadline of twice `commandTimeout`.
 */
const TOMBSTONE_MS = 10_000;

const TOO_LATE = new Failure('command', 'timeout', new Error('Redis ran the write too late'));

/** The entry for a value, without its version. */
export function newEntry(
  context: CacheContext,
  key: string,
  value: NewValue,
  generation: string = context.generation(),
): EntryParts {
  return entryParts({ ...value, generation, fingerprint: fingerprint(key) });
}

/** Keeps an entry in memory as of now. */
export function keep(context: CacheContext, key: string, { head, tail }: EntryParts): void {
  context.standby?.keep(key, `${head}${context.serverClock.nextStamp()}${tail}`);
}

/** Puts a value into both tiers, or into memory and the journal. Never rejects. */
export async function store(
  context: CacheContext,
  key: string,
  value: NewValue,
  budget: WaitBudget | undefined,
): Promise<WriteResult> {
  context.metrics.sets++;
  context.journal.noteLife(value.ttlMs + value.graceMs);
  context.localChanges.note(key);
  const calledAt = context.localChanges.position;
  if (context.door?.untilFirstAttempt !== undefined) await firstAttempt(context);
  // A later call of this process has overtaken this one while it waited.
  if (!context.localChanges.isUnchanged(key, calledAt)) return deferred(context, key, 'set');
  const session = writerFor(context, budget);
  if (session === undefined) {
    keepForOutage(context, key, value);
    return deferred(context, key, 'set');
  }
  const seq = context.journal.seq;
  const sending: Sending = { session, key, value, budget, since: context.localChanges.position };
  const reply = await send(context, sending);
  if (reply instanceof Failure) {
    report(context, reply, value.payload.length);
    if (context.localChanges.isUnchanged(key, sending.since)) keepForOutage(context, key, value);
    return deferred(context, key, 'set');
  }
  if (reply.outcome === 'older') return withdraw(context, session, key, budget);
  return applied(context, key, seq);
}

/** Something was stored after this was sent and before it ran: nobody knows which value is right, so neither stays. */
async function withdraw(
  context: CacheContext,
  session: Session,
  key: string,
  budget: WaitBudget | undefined,
): Promise<WriteResult> {
  const seq = context.journal.seq;
  const reply = await within(budget, sendRemove(context, session, key));
  forget(context, key);
  if (!(reply instanceof Failure)) return applied(context, key, seq);
  report(context, reply);
  return deferred(context, key, 'delete');
}

/** Sends the value; one that was late because the server's clock was set is sent once more, unless the key was changed meanwhile. */
async function send(context: CacheContext, sending: Sending): Promise<Tagged> {
  const { serverClock, clock, localChanges } = context;
  const sentAt = clock.now();
  const reply = await attempt(context, sending);
  if (reply instanceof Failure || reply.outcome !== 'late') return reply;
  serverClock.observe(Number(reply.rest[0]), sentAt);
  if (!localChanges.isUnchanged(sending.key, sending.since)) return TOO_LATE;
  noteAgain(context, sending);
  const again = await attempt(context, sending);
  return !(again instanceof Failure) && again.outcome === 'late' ? TOO_LATE : again;
}

function attempt(context: CacheContext, sending: Sending): Promise<Tagged> {
  const { serverClock } = context;
  const { session, key, value, budget } = sending;
  const entry = newEntry(context, key, value);
  keep(context, key, entry);
  const write = {
    ...entry,
    stamp: serverClock.nextStamp(),
    sentBeforeMicros: serverClock.latestMicros(),
    ttlMs: value.ttlMs + value.graceMs,
    deadlineMs: writeDeadline(context),
  };
  const onResend = (): void => noteAgain(context, sending);
  return within(budget, session.store(redisKey(context, key), write, onResend));
}

/** It is sent again: what was answered before must not be kept over it. Whether it is the key's latest change stays as it was. */
function noteAgain({ localChanges }: CacheContext, sending: Sending): void {
  const isLatest = localChanges.isUnchanged(sending.key, sending.since);
  const now = localChanges.note(sending.key);
  if (isLatest) sending.since = now;
}

/** Nobody waits for a write longer: what runs later is a ghost. Server time, with room for the estimate's error. */
export function writeDeadline({ serverClock, config }: CacheContext): number {
  return serverClock.now() + 2 * config.commandTimeoutMs;
}

/** Deletes a key from both tiers, or from memory and by journal. Never rejects. */
export async function remove(
  context: CacheContext,
  key: string,
  budget: WaitBudget | undefined,
): Promise<WriteResult> {
  context.metrics.deletes++;
  forget(context, key);
  if (context.door?.untilFirstAttempt !== undefined) await firstAttempt(context);
  // Again: something may have been kept while this waited.
  forget(context, key);
  const session = writerFor(context, budget);
  if (session === undefined) return deferred(context, key, 'delete');
  const seq = context.journal.seq;
  const reply = await within(budget, sendRemove(context, session, key));
  forget(context, key);
  if (reply instanceof Failure) {
    report(context, reply);
    return deferred(context, key, 'delete');
  }
  return applied(context, key, seq);
}

function forget(context: CacheContext, key: string): void {
  context.localChanges.note(key);
  context.standby?.delete(key);
}

/** Leaves a tombstone in the key's slot. */
export function sendRemove(context: CacheContext, session: Session, key: string): Promise<Tagged> {
  const head = tombstoneHead(context.generation(), fingerprint(key));
  const stamp = context.serverClock.nextStamp();
  return session.remove(redisKey(context, key), stamp, head, TOMBSTONE_MS);
}

/** Clears a pattern in both tiers. While it runs, and until it is done, matching keys are not read from Redis. */
export async function clear(
  context: CacheContext,
  pattern: string,
  budget: WaitBudget | undefined,
): Promise<WriteResult> {
  if (context.door?.untilFirstAttempt !== undefined) await firstAttempt(context);
  context.metrics.deletes++;
  forgetMatching(context, pattern);
  if (context.door === undefined) return 'applied';
  const session = writerFor(context, budget);
  if (context.journal.recordPattern(pattern, context.clock.now())) context.onOverflow();
  const cleared = session !== undefined && sendClear(context, session, pattern);
  if (await (cleared && budget ? budget.spend(cleared, false) : cleared)) return 'applied';
  context.scheduleReplay();
  return 'deferred';
}

/** Whether Redis acknowledged every step. */
export async function sendClear(
  context: CacheContext,
  session: Session,
  pattern: string,
): Promise<boolean> {
  const seq = context.journal.seq;
  const reply = await session.clear(escapeGlob(context.config.prefix) + pattern);
  if (reply instanceof Failure) report(context, reply);
  const isCleared =
    !(reply instanceof Failure) ||
    // Where SCAN is forbidden the whole prefix goes: more than was asked for, and nothing less.
    (reply.reason === 'permission' &&
      !((await context.door?.identity.bump(session)) instanceof Failure));
  if (!isCleared) return false;
  forgetMatching(context, pattern);
  context.unconfirmed.notePattern(pattern);
  context.journal.settlePattern(pattern, seq);
  return true;
}

function forgetMatching(context: CacheContext, pattern: string): void {
  context.localChanges.noteAll();
  context.standby?.deleteMatching(compileGlob(pattern));
}

/** Keeps a value for as long as processes that cannot hear each other may differ. */
export function keepForOutage(context: CacheContext, key: string, value: NewValue): void {
  const { config, door } = context;
  const ttlMs = door === undefined ? value.ttlMs : Math.min(value.ttlMs, config.outageTtlMs);
  const graceMs = door === undefined ? value.graceMs : 0;
  keep(context, key, newEntry(context, key, { ...value, ttlMs, graceMs }));
}

export function writerFor(
  context: CacheContext,
  budget: WaitBudget | undefined,
): Session | undefined {
  return budget?.isSpent === true ? undefined : context.door?.writer;
}

function within(budget: WaitBudget | undefined, reply: Promise<Tagged>): Promise<Tagged> {
  return budget === undefined ? reply : budget.spend(reply, OUT_OF_BUDGET);
}

function report(context: CacheContext, failure: Failure, bytes = 0): void {
  if (failure !== OUT_OF_BUDGET) reportFailure(context, failure, bytes);
}

function applied(context: CacheContext, key: string, seq: number): WriteResult {
  context.journal.settle(key, seq);
  context.unconfirmed.note(key);
  return 'applied';
}

/** With memory alone there is nobody to tell later. */
function deferred(context: CacheContext, key: string, op: 'set' | 'delete'): WriteResult {
  defer(context, key, op);
  return context.door === undefined ? 'applied' : 'deferred';
}
