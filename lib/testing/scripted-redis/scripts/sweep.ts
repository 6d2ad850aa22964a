import * as S from '../../../entry/layout.js';
import { ErrorReply } from '../reply.js';
import { toNumber } from './lua.js';
import type { ScriptBody, ScriptRun } from './script.js';
import { field, headOf, isLeased, kindOf, versionFieldOf } from './slots.js';

/** What a lease looks like. Another application's text may begin with the same letter. */
const LEASE = new RegExp(`^${S.LEASE_MARK}[^]{${S.TOKEN_LENGTH}}\\d{${S.UNTIL_LENGTH}}`);

function hasMark(entry: string): boolean {
  return entry.startsWith(S.MARK) || entry.startsWith(S.OLD_MARK);
}

function isOurs(entry: string, fingerprint: string): boolean {
  return hasMark(entry) && field(entry, S.FINGERPRINT_AT, S.FINGERPRINT_LENGTH) === fingerprint;
}

function isTombstone(entry: string): boolean {
  return hasMark(entry) && kindOf(entry) === S.KIND_TOMBSTONE;
}

/** Some servers do not know UNLINK, or forbid it. */
function remove(run: ScriptRun, key: string): void {
  if (run.attempt('UNLINK', key) instanceof ErrorReply) run.call('DEL', key);
}

/** Script SWEEP. */
export const sweep: ScriptBody = (run) => {
  const counts = run.keys.map((key, index) => {
    const limit = toNumber(run.argv(index * 2 + 2)) ?? Number.NaN;
    return sweepOne(run, key, { limit, fingerprint: run.argv(index * 2 + 3) });
  });
  return `${run.argv(1)}|${counts.reduce<number>((sum, count) => sum + count, 0)}`;
};

interface Wanted {
  readonly limit: number;
  readonly fingerprint: string;
}

function sweepOne(run: ScriptRun, key: string, { limit, fingerprint }: Wanted): 0 | 1 {
  const head = headOf(run, key) ?? '';
  if (head === '') return 0;
  const isLease = LEASE.test(head);
  const entry = isLease ? head.slice(S.LEASE_WIDTH) : head;
  if (isLease && entry === '') {
    run.call('DEL', key);
  } else if (isOurs(entry, fingerprint) && !isTombstone(entry) && versionFieldOf(entry) <= limit) {
    remove(run, key);
    return 1;
  } else if (isLease) {
    const slot = run.call('GET', key) as string;
    run.call('SET', key, slot.slice(S.LEASE_WIDTH), 'KEEPTTL');
  }
  return 0;
}

/** Script SWEEP_DEAD. */
export const sweepDead: ScriptBody = (run) => {
  const generation = run.argv(2);
  const dead = run.keys.filter((key, index) => {
    const head = headOf(run, key) ?? '';
    if (head === '' || isLeased(head)) return false;
    const isReachable =
      head.startsWith(S.MARK) && field(head, S.GENERATION_AT, S.GENERATION_LENGTH) === generation;
    const limit = toNumber(run.argv(index * 2 + 3)) ?? Number.NaN;
    const isDead = !isReachable && versionFieldOf(head) <= limit;
    if (!isDead || !isOurs(head, run.argv(index * 2 + 4)) || isTombstone(head)) return false;
    remove(run, key);
    return true;
  });
  return `${run.argv(1)}|${dead.length}`;
};
