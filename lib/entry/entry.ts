import { endOfTags, hasTagsAt, type TagVersion, tagsAt } from './entry-tags.js';
import { hasFingerprint } from './fingerprint.js';
import {
  FINGERPRINT_AT,
  GENERATION_AT,
  GRACE_AT,
  GRACE_LENGTH,
  GRACED_PAYLOAD_AT,
  KIND_AT,
  KIND_GRACED,
  KIND_TOMBSTONE,
  KIND_VALUE,
  LEASE_MARK,
  LEASE_WIDTH,
  LOAD_AT,
  LOAD_LENGTH,
  MARK,
  NO_FINGERPRINT,
  OLD_MARK,
  PAYLOAD_AT,
  TTL_AT,
  TTL_LENGTH,
  VERSION_AT,
  VERSION_LENGTH,
} from './layout.js';

/** The fields of an entry. `version` is in microseconds of the server's clock. */
export interface EntryFields {
  readonly generation: string;
  readonly fingerprint: string;
  readonly version: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  readonly payload: string;
}

/** The beginning of every value of a key in one generation. */
export function entryHead(generation: string, fingerprint: string): string {
  return MARK + generation + fingerprint;
}

/** The text of a value, as both tiers hold it. */
export function entryText(fields: EntryFields): string {
  const { generation, fingerprint, version, ttlMs, graceMs, loadMs, payload } = fields;
  const head = entryHead(generation, fingerprint);
  const times = `${versionText(version)}${base36(ttlMs, TTL_LENGTH)}`;
  if (graceMs === 0 && loadMs === 0) return `${head}${KIND_VALUE}${times}${payload}`;
  const more = `${base36(graceMs, GRACE_LENGTH)}${base36(loadMs, LOAD_LENGTH)}`;
  return `${head}${KIND_GRACED}${times}${more}${payload}`;
}

/** The text of a delete. It names no key, so that deletes of one moment share it. */
export function tombstoneText(generation: string, version: number): string {
  return `${MARK}${generation}${NO_FINGERPRINT}${KIND_TOMBSTONE}${versionText(version)}`;
}

/** The entry in a Redis slot, without the lease before it. */
export function withoutLease(slot: string): string {
  return slot.charCodeAt(0) === LEASE_CODE ? slot.slice(LEASE_WIDTH) : slot;
}

/**
 * - `usable`: of this key and generation.
 * - `absent`: a tombstone, another generation, an entry of release 0.1, or nothing at all.
 * - `foreign`: not written by this package, or by a newer version of it.
 * - `misplaced`: an entry of another key: another cache's, whose prefix begins with ours, or a reply that
 *   belongs to another command.
 */
export type EntryClass = 'usable' | 'absent' | 'foreign' | 'misplaced';

export function classifyEntry(entry: string, generation: string, key: string): EntryClass {
  if (!hasAt(entry, 0, MARK) || entry.length < TTL_AT) {
    return entry === '' || entry.startsWith(OLD_MARK) ? 'absent' : 'foreign';
  }
  const kind = entry.charCodeAt(KIND_AT);
  if (kind === TOMBSTONE_CODE) return 'absent';
  if (!hasFingerprint(entry, FINGERPRINT_AT, key)) return 'misplaced';
  if (!hasAt(entry, GENERATION_AT, generation)) return 'absent';
  return kind === VALUE_CODE || kind === GRACED_CODE ? 'usable' : 'foreign';
}

/** Whether an entry in this process' memory, which is known to belong to its key, is still reachable. */
export function isOfGeneration(entry: string, generation: string): boolean {
  return entry.startsWith(generation, GENERATION_AT);
}

/** When the change was called, or the load was granted: microseconds of the server's clock; `NaN` when it is unreadable. */
export function versionOf(entry: string): number {
  return readDigits(entry, VERSION);
}

/** A text that no other version of this key has, and no other key. */
export function identityOf(entry: string): string {
  return entry.slice(FINGERPRINT_AT, KIND_AT) + versionOf(entry).toString(36);
}

export function ttlMsOf(entry: string): number {
  return readDigits(entry, TTL);
}

export function graceMsOf(entry: string): number {
  return isGraced(entry) ? readDigits(entry, GRACE) : 0;
}

/** How long the value took to load, for refresh ahead; 0 if unknown. */
export function loadMsOf(entry: string): number {
  return isGraced(entry) ? readDigits(entry, LOAD) : 0;
}

/** Where the encoded value begins. */
export function payloadOffset(entry: string): number {
  const offset = bodyOffset(entry);
  return hasTagsAt(entry, offset) ? endOfTags(entry, offset) : offset;
}

/** Whether the entry is valid only as long as its tags keep their versions. */
export function isTagged(entry: string): boolean {
  return hasTagsAt(entry, bodyOffset(entry));
}

/** The tags of an entry; `undefined` if they are damaged. */
export function tagsOf(entry: string): readonly TagVersion[] | undefined {
  const offset = bodyOffset(entry);
  return hasTagsAt(entry, offset) ? tagsAt(entry, offset) : [];
}

/** The last number that was written: changes of one moment share their version. */
let lastMicros = 0;
let lastVersion = '0'.repeat(VERSION_LENGTH);

/** Microseconds as the entry holds them: hexadecimal of fixed width, so that text order is time order. */
export function versionText(micros: number): string {
  if (micros !== lastMicros) {
    lastMicros = micros;
    lastVersion = micros.toString(16).padStart(VERSION_LENGTH, '0');
  }
  return lastVersion;
}

interface Field {
  readonly from: number;
  readonly to: number;
  readonly base: number;
}

const VERSION: Field = { from: VERSION_AT, to: TTL_AT, base: 16 };
const TTL: Field = { from: TTL_AT, to: PAYLOAD_AT, base: 36 };
const GRACE: Field = { from: GRACE_AT, to: LOAD_AT, base: 36 };
const LOAD: Field = { from: LOAD_AT, to: GRACED_PAYLOAD_AT, base: 36 };

const LEASE_CODE = LEASE_MARK.charCodeAt(0);
const VALUE_CODE = KIND_VALUE.charCodeAt(0);
const GRACED_CODE = KIND_GRACED.charCodeAt(0);
const TOMBSTONE_CODE = KIND_TOMBSTONE.charCodeAt(0);

/** `startsWith` for a few characters, which costs less than the call. */
function hasAt(text: string, at: number, part: string): boolean {
  for (let i = 0; i < part.length; i++) {
    if (text.charCodeAt(at + i) !== part.charCodeAt(i)) return false;
  }
  return true;
}

function isGraced(entry: string): boolean {
  return entry.charCodeAt(KIND_AT) === GRACED_CODE;
}

/** Where the tags or the payload begin. */
function bodyOffset(entry: string): number {
  return isGraced(entry) ? GRACED_PAYLOAD_AT : PAYLOAD_AT;
}

function base36(value: number, width: number): string {
  const limit = 36 ** width - 1;
  return Math.min(Math.round(value), limit).toString(36).padStart(width, '0');
}

/** parseInt(text.slice(from, to), base) without the slice; NaN for anything but lower-case digits. */
function readDigits(text: string, { from, to, base }: Field): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 58 ? code - 48 : code < 97 ? -1 : code - 87;
    if (!(digit >= 0 && digit < base)) return Number.NaN;
    value = value * base + digit;
  }
  return value;
}
