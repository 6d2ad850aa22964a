import type { Oracle } from './oracle.js';
import type { Birth, Change } from './records.js';
import { GENERATION_LAG_MS } from './residues.js';

export interface Claimed {
  readonly change: Change;
  readonly key: string;
  /** What it set; `undefined`: it was a delete. */
  readonly value: Birth | undefined;
  /** What a process would read in Redis now: a serial. */
  readonly found: number | undefined;
  readonly nowMs: number;
  readonly ttl: number;
}

/** `applied` was said (I7). Returns what is wrong with that. */
export function mistakeIn(oracle: Oracle, claimed: Claimed): string | undefined {
  const { change, key, value, found } = claimed;
  if (found === value?.serial) return undefined;
  const what = `${change.process} was told that @${change.calledAt} of ${key} is applied`;
  if (found === undefined) {
    return isGone(oracle, claimed) ? undefined : `${what}, and nothing is there`;
  }
  const birth = oracle.births[found] as Birth;
  if (birth.bornAt > change.calledAt) return undefined;
  // Redis went back, and its process has not told it again.
  if (change.forgottenMs !== undefined || wasForgottenSince(oracle, change)) return undefined;
  if (oracle.residues.excuses(birth, change) !== undefined) return undefined;
  return `${what}, and there is #${found}, which is older`;
}

/** Whether something else than a mistake took away what was set. */
function isGone(oracle: Oracle, { change, key, value, nowMs, ttl }: Claimed): boolean {
  if (value === undefined) return true;
  const isChangedSince = oracle.changes.some((other) => {
    if (other === change || !other.matches(key)) return false;
    if (other.process === change.process) return other.calledAt > change.calledAt;
    // A process that has not heard of a new generation sets what is out of reach.
    const lagMs = other.kind === 'all' || oracle.mayLag ? GENERATION_LAG_MS : 0;
    return (
      other.calledAt > change.calledAt ||
      other.settledAt > change.calledAt ||
      other.appliedMs + lagMs >= change.calledMs
    );
  });
  // A load that Redis did not acknowledge is journaled, and told as a delete of the time at which that was known.
  const isReplayedOver = oracle.births.some((birth) => {
    const isTold = birth.key === key && birth.process !== change.process;
    if (!isTold || (!birth.isOfOutage && birth.isSet)) return false;
    const knownMs = birth.madeMs + (birth.isSet ? 0 : oracle.bounds.commandTimeout);
    return oracle.residues.isWithin(change.calledMs - knownMs, [birth.process, change.process]);
  });
  return (
    isChangedSince ||
    isReplayedOver ||
    oracle.residues.wasEvicted(key, change.calledMs) ||
    wasForgottenSince(oracle, change) ||
    oracle.residues.isStepped ||
    nowMs - change.calledMs > ttl / 2
  );
}

function wasForgottenSince(oracle: Oracle, change: Change): boolean {
  return oracle.forgottenAt > change.calledAt;
}
