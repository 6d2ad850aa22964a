import * as S from '../../../entry/layout.js';
import { padded, toNumber, whole } from './lua.js';
import { BatchTexts, positions, readTime, type ScriptBody } from './script.js';
import { isLeased, tokenOf } from './slots.js';

const KEPT_MS = `${S.LEASE_KEPT_MS}`;
const number = (text: string): number => toNumber(text) ?? Number.NaN;

/** Script CLAIM. */
export const claim: ScriptBody = (run) => {
  const now = readTime(run);
  const [token, leaseMs] = [run.argv(1), run.argv(2)];
  const until = padded(now.ms + number(leaseMs), S.UNTIL_LENGTH);
  const taken = positions(
    run,
    (key) => run.call('SET', key, S.LEASE_MARK + token + until, 'PX', KEPT_MS, 'NX') === null,
  );
  return `${token}|${whole(now.micros)}|${taken}`;
};

/** Script FILL. */
export const fill: ScriptBody = (run) => {
  const now = readTime(run);
  const isInTime = now.ms <= number(run.argv(2)) && now.ms >= number(run.argv(3));
  const texts = new BatchTexts(run.argv(4));
  const isVoid = (key: string, position: number): boolean => {
    const head = run.attempt('GETRANGE', key, '0', `${S.LEASE_WIDTH - 1}`);
    const [token, length, px] = [0, 1, 2].map((i) => run.argv(position * 3 + 2 + i)) as string[];
    const text = texts.next(length ?? '');
    const isHeld =
      isInTime &&
      typeof head === 'string' &&
      head.slice(0, S.UNTIL_AT) === `${S.LEASE_MARK}${token}`;
    if (isHeld) run.call('SET', key, text, 'PX', px ?? '');
    return !isHeld;
  };
  return `${run.argv(1)}|${positions(run, isVoid)}`;
};

/** Script RENEW. */
export const renew: ScriptBody = (run) => {
  const now = readTime(run);
  const leaseMs = run.argv(2);
  const isVoid = (key: string, position: number): boolean => {
    const head = run.attempt('GETRANGE', key, '0', `${S.LEASE_WIDTH - 1}`);
    const isOwn =
      typeof head === 'string' && isLeased(head) && tokenOf(head) === run.argv(position + 2);
    if (!isOwn) return true;
    const until = padded(now.ms + number(leaseMs), S.UNTIL_LENGTH);
    run.call('SETRANGE', key, `${S.UNTIL_AT}`, until);
    if ((run.call('PTTL', key) as number) < S.LEASE_KEPT_MS) run.call('PEXPIRE', key, KEPT_MS);
    return false;
  };
  return `${run.argv(1)}|${positions(run, isVoid)}`;
};

/** Script RELEASE. */
export const release: ScriptBody = (run) => {
  for (const [index, key] of run.keys.entries()) {
    const slot = run.attempt('GET', key);
    const isOwn =
      typeof slot === 'string' && isLeased(slot) && tokenOf(slot) === run.argv(index + 2);
    if (!isOwn) continue;
    if (slot.length === S.LEASE_WIDTH) run.call('DEL', key);
    else run.call('SET', key, slot.slice(S.LEASE_WIDTH), 'KEEPTTL');
  }
  return `${run.argv(1)}|`;
};
