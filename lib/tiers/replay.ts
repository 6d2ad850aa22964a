import type { Session } from '../redis/commands/session.js';
import { Failure } from '../redis/failure.js';
import type { CacheContext } from './context.js';
import { sendClear, sendRemove } from './write.js';

/** Commands sent together: enough to fill a round trip, few enough that requests are served in between. */
const BATCH = 500;
/** Batches on their way at once: in a busy process each reply waits for its turn of the event loop. */
const LANES = 2;

/** Writes go on while the journal is replayed; the rest of a busy journal is replayed behind its barrier. */
const MAX_PASSES = 20;

/**
 * Replays the journal before Redis is read again. Resolves to whether Redis took everything that was
 * in it; on `false` the rest is still there.
 */
export async function recover(
  context: CacheContext,
  recovery: { readonly session: Session; readonly isRestarted: boolean },
): Promise<boolean> {
  const { journal, standby } = context;
  if (recovery.isRestarted) rejournal(context);
  for (let pass = 0; pass < MAX_PASSES && !journal.isEmpty; pass++) {
    if (!(await replay(context, recovery.session))) return false;
  }
  standby?.suspectAll();
  return true;
}

/** The writes acknowledged last, which what answers now may not have. */
export function rejournal(context: CacheContext): void {
  const { journal, unconfirmed, clock } = context;
  if (unconfirmed.rejournal(journal, clock.now())) context.onOverflow();
}

/** One pass over the journal: the overflow first, then the patterns, then the keys. */
export async function replay(context: CacheContext, session: Session): Promise<boolean> {
  const { journal, clock } = context;
  if (journal.isOverflowed && !(await bump(context, session))) return false;
  for (const pattern of journal.patterns()) {
    if (!(await sendClear(context, session, pattern))) return false;
  }
  journal.prune(clock.now());
  return replayKeys(context, session);
}

/** A logical flush of the prefix: entries of the old generation are unreachable at once. */
async function bump(context: CacheContext, session: Session): Promise<boolean> {
  const seq = context.journal.seq;
  const reply = await context.door?.identity.bump(session);
  if (reply === undefined || reply instanceof Failure) return false;
  context.journal.settleOverflow(seq);
  return true;
}

async function replayKeys(context: CacheContext, session: Session): Promise<boolean> {
  const keys = context.journal.oldest(context.journal.size);
  let next = 0;
  let isWell = true;
  const lane = async (): Promise<void> => {
    while (isWell && next < keys.length) {
      const batch = keys.slice(next, next + BATCH);
      next += BATCH;
      if (!(await replayBatch(context, session, batch))) isWell = false;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return isWell;
}

async function replayBatch(
  context: CacheContext,
  session: Session,
  batch: readonly string[],
): Promise<boolean> {
  const { journal, unconfirmed } = context;
  // What was written and acknowledged since the list was made must not be deleted.
  const keys = batch.filter((key) => journal.has(key));
  const seq = journal.seq;
  const replies = await Promise.all(keys.map((key) => sendRemove(context, session, key)));
  const failure = replies.find((reply) => reply instanceof Failure);
  keys.forEach((key, i) => {
    if (replies[i] instanceof Failure) return;
    journal.settle(key, seq);
    unconfirmed.note(key);
  });
  if (failure instanceof Failure) context.door?.report(failure);
  return failure === undefined;
}
