import * as S from '../../../entry/layout.js';
import { toNumber, toNumberOfBase, whole } from './lua.js';
import type { ScriptRun } from './script.js';

export function field(text: string, at: number, length: number): string {
  return text.slice(at, at + length);
}

export function isLeased(slot: string): boolean {
  return slot.startsWith(S.LEASE_MARK);
}

/** The content of a slot, without the lease before it. */
export function entryOf(slot: string): string {
  return isLeased(slot) ? slot.slice(S.LEASE_WIDTH) : slot;
}

export function tokenOf(slot: string): string {
  return field(slot, S.TOKEN_AT, S.TOKEN_LENGTH);
}

/** When a lease ends, in milliseconds; 0 where it is unreadable. */
export function untilOf(slot: string): number {
  return toNumber(field(slot, S.UNTIL_AT, S.UNTIL_LENGTH)) ?? 0;
}

/** 0 where there is no entry of ours. */
export function versionOf(entry: string): number {
  return entry.startsWith(S.MARK) ? versionFieldOf(entry) : 0;
}

/** Whatever stands before it. */
export function versionFieldOf(entry: string): number {
  return toNumberOfBase(field(entry, S.VERSION_AT, S.VERSION_LENGTH), 16) ?? 0;
}

export function kindOf(entry: string): string {
  return field(entry, S.KIND_AT, 1);
}

export function ttlOf(entry: string): number {
  return toNumberOfBase(field(entry, S.TTL_AT, S.TTL_LENGTH), 36) ?? 0;
}

export function graceOf(entry: string): number {
  return toNumberOfBase(field(entry, S.GRACE_AT, S.GRACE_LENGTH), 36) ?? 0;
}

/** The beginning of what is under a key; `undefined` where that is no string. */
export function headOf(run: ScriptRun, key: string): string | undefined {
  const head = run.attempt('GETRANGE', key, '0', `${S.HEAD_WIDTH - 1}`);
  return typeof head === 'string' ? head : undefined;
}

/** A life as PX takes it. */
export function rest(ms: number): string {
  return whole(Math.max(1, ms));
}
