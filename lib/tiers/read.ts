import { classifyEntry, withoutLease } from '../entry/entry.js';
import { fingerprint } from '../entry/fingerprint.js';
import type { Session } from '../redis/commands/session.js';
import { Failure, HESITATES } from '../redis/failure.js';
import { type CacheContext, defer, firstAttempt, redisKey, reportFailure } from './context.js';
import { type Found, freshness } from './standby.js';
import { OUT_OF_BUDGET, type WaitBudget } from './wait-budget.js';

/** When Redis was asked: by the count of this process' changes, and by the clock. What it says is as old as that at most. */
interface Asked {
  readonly since: number;
  readonly at: number;
}

/**
 * Looks a key up: in Redis while it may be believed about this key, else in memory, which answers at
 * once. Never rejects; waits `commandTimeout` at most.
 */
export function read(
  context: CacheContext,
  key: string,
  budget: WaitBudget | undefined,
): Found | undefined | Promise<Found | undefined> {
  if (context.door?.untilFirstAttempt !== undefined) return readLater(context, key, budget);
  const session = readerFor(context, key, budget);
  return session === undefined
    ? readMemory(context, key)
    : readRedis(context, session, key, budget);
}

async function readLater(
  context: CacheContext,
  key: string,
  budget: WaitBudget | undefined,
): Promise<Found | undefined> {
  await firstAttempt(context);
  const session = readerFor(context, key, budget);
  return session === undefined
    ? readMemory(context, key)
    : readRedis(context, session, key, budget);
}

async function readRedis(
  context: CacheContext,
  session: Session,
  key: string,
  budget: WaitBudget | undefined,
): Promise<Found | undefined> {
  const asked = { since: context.localChanges.position, at: context.clock.now() };
  const answer = session.get(redisKey(context, key));
  const slot = await (budget === undefined ? answer : budget.spend(answer, OUT_OF_BUDGET));
  return interpret(context, session, key, slot, asked);
}

/** Looks several keys up together; keys that Redis may not be asked about come from memory. */
export function readMany(
  context: CacheContext,
  keys: readonly string[],
  budget: WaitBudget | undefined,
): Promise<(Found | undefined)[]> {
  return Promise.all(keys.map((key) => read(context, key, budget)));
}

/** The session to read this key from, unless Redis is away, behind on this key, or out of time. */
export function readerFor(
  context: CacheContext,
  key: string,
  budget: WaitBudget | undefined,
): Session | undefined {
  const session = context.door?.reader;
  if (session === undefined || budget?.isSpent === true) return undefined;
  return context.journal.isEmpty || !context.journal.blocks(key) ? session : undefined;
}

/**
 * Whether memory can stand in for a Redis that hesitates: it has the value, and Redis had it a moment ago.
 */
export function canSpare(context: CacheContext, key: string): boolean {
  const { standby, clock, serverClock } = context;
  const nowMs = serverClock.latestMicros() / 1_000;
  return standby?.isRecent(key, context.generation(), nowMs, clock.now()) === true;
}

export function readMemory(context: CacheContext, key: string): Found | undefined {
  const { standby, serverClock } = context;
  // Rather a moment too short than longer than it would have lived in Redis.
  return standby?.get(key, context.generation(), serverClock.latestMicros() / 1_000);
}

function interpret(
  context: CacheContext,
  session: Session,
  key: string,
  slot: unknown,
  asked: Asked,
): Found | undefined {
  if (slot instanceof Failure) {
    if (slot !== OUT_OF_BUDGET && slot !== HESITATES) reportFailure(context, slot);
    // A key of another type holds nothing of ours; any other failure leaves the question to memory.
    return slot.isAbout('WRONGTYPE') ? undefined : readMemory(context, key);
  }
  // The read barrier: the key was written, and Redis not told, while this reply was on its way.
  if (!context.journal.isEmpty && context.journal.blocks(key)) return readMemory(context, key);
  if (slot === null) return absent(context, key, asked.since);
  if (typeof slot !== 'string') {
    reportFailure(context, session.desync('not a text'));
    return readMemory(context, key);
  }
  return admit(context, session, key, withoutLease(slot), asked);
}

function admit(
  context: CacheContext,
  session: Session,
  key: string,
  entry: string,
  asked: Asked,
): Found | undefined {
  switch (classifyEntry(entry, context.generation(), fingerprint(key))) {
    case 'usable':
      break;
    case 'misplaced':
      // Another key's value: either replies have shifted, or somebody copied the key. Both end here.
      defer(context, key, 'delete');
      reportFailure(context, session.desync('an entry of another key'));
      return undefined;
    case 'foreign':
      context.metrics.errors++;
      return absent(context, key, asked.since);
    case 'absent':
      return absent(context, key, asked.since);
  }
  const state = freshness(entry, context.serverClock.now());
  if (state === 'expired') return absent(context, key, asked.since);
  if (context.localChanges.isUnchanged(key, asked.since))
    context.standby?.keep(key, entry, asked.at);
  return { entry, tier: 'redis', isStale: state === 'stale' };
}

/** Redis does not have it, so neither may memory. */
function absent(context: CacheContext, key: string, since: number): undefined {
  if (context.localChanges.isUnchanged(key, since)) context.standby?.delete(key);
}
