/**
 * An entry as both tiers hold it, one string with a head of fixed width:
 *
 *     'E1' generation(6) fingerprint(8) kind(1) version(13) ttl(8) [grace(8) loadMs(5)] payload
 *
 * `E1` is the format and its version. The generation is the prefix's (an older one is unreachable), the
 * fingerprint the key's, `version` the time of storing in microseconds (hexadecimal; the server's, but for what
 * memory alone holds), `ttl`, `grace` and `loadMs` milliseconds (base 36). Kinds: 'v' a value, 'g' a value with grace and the time its load took, 't' the tombstone of a
 * delete. The scripts in lib/redis/scripts.ts read the same offsets.
 */
const MARK = 'E1';
const GENERATION_END = 8;
const KIND_AT = 16;
const VERSION_AT = 17;
const TTL_AT = 30;
const PAYLOAD_AT = 38;
const GRACE_AT = 38;
const LOAD_AT = 46;
const GRACED_PAYLOAD_AT = 51;

/** A lease stands before the entry it keeps: 'L' token(10) until(13). */
const LEASE_WIDTH = 24;

export interface EntryFields {
  readonly generation: string;
  readonly fingerprint: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  readonly payload: string;
}

/** What every entry of a key begins with while the generation lasts. */
export function entryHead(generation: string, fingerprint: string): string {
  return MARK + generation + fingerprint;
}

/** An entry in two parts, between which the version stands. */
export function entryParts(fields: EntryFields): { readonly head: string; readonly tail: string } {
  const { generation, fingerprint, ttlMs, graceMs, loadMs, payload } = fields;
  const head = entryHead(generation, fingerprint);
  const ttl = base36(ttlMs, 8);
  if (graceMs === 0 && loadMs === 0) return { head: `${head}v`, tail: `${ttl}${payload}` };
  return { head: `${head}g`, tail: `${ttl}${base36(graceMs, 8)}${base36(loadMs, 5)}${payload}` };
}

/** The head of a tombstone; its version is all that follows. */
export function tombstoneHead(generation: string, fingerprint: string): string {
  return `${entryHead(generation, fingerprint)}t`;
}

/** The entry in a Redis slot, without the lease before it. */
export function withoutLease(slot: string): string {
  return slot.charCodeAt(0) === LEASE_MARK ? slot.slice(LEASE_WIDTH) : slot;
}

/**
 * - `usable`: of this key and generation.
 * - `absent`: a tombstone, another generation, or nothing at all.
 * - `foreign`: not written by this package, or by a newer version of it.
 * - `misplaced`: an entry of another key, which under this key nobody wrote.
 */
export type EntryClass = 'usable' | 'absent' | 'foreign' | 'misplaced';

export function classifyEntry(entry: string, generation: string, fingerprint: string): EntryClass {
  if (entry === '') return 'absent';
  if (!entry.startsWith(MARK) || entry.length < KIND_AT + 1) return 'foreign';
  if (!entry.startsWith(fingerprint, GENERATION_END)) return 'misplaced';
  const kind = entry.charCodeAt(KIND_AT);
  if (kind === TOMBSTONE || !entry.startsWith(generation, MARK.length)) return 'absent';
  return kind === PLAIN || kind === GRACED ? 'usable' : 'foreign';
}

/** Whether an entry that this process keeps, and therefore knows to be one of its key, is still reachable. */
export function isOfGeneration(entry: string, generation: string): boolean {
  return entry.startsWith(generation, MARK.length) && entry.charCodeAt(KIND_AT) !== TOMBSTONE;
}

/** Milliseconds since 1970 (server time) at which the value stops being fresh. */
export function freshUntilMs(entry: string): number {
  return readDigits(entry, VERSION_AT, TTL_AT, 16) / 1_000 + ttlMsOf(entry);
}

export function graceMsOf(entry: string): number {
  return isGraced(entry) ? readDigits(entry, GRACE_AT, LOAD_AT, 36) : 0;
}

/** How long the value took to load, for early refreshing; 0 when unknown. */
export function loadMsOf(entry: string): number {
  return isGraced(entry) ? readDigits(entry, LOAD_AT, GRACED_PAYLOAD_AT, 36) : 0;
}

export function ttlMsOf(entry: string): number {
  return readDigits(entry, TTL_AT, PAYLOAD_AT, 36);
}

/** Where the encoded value begins. */
export function payloadOffset(entry: string): number {
  return isGraced(entry) ? GRACED_PAYLOAD_AT : PAYLOAD_AT;
}

const LEASE_MARK = 'L'.charCodeAt(0);
const PLAIN = 'v'.charCodeAt(0);
const GRACED = 'g'.charCodeAt(0);
const TOMBSTONE = 't'.charCodeAt(0);

function isGraced(entry: string): boolean {
  return entry.charCodeAt(KIND_AT) === GRACED;
}

function base36(value: number, width: number): string {
  const limit = 36 ** width - 1;
  return Math.min(Math.round(value), limit).toString(36).padStart(width, '0');
}

/** parseInt(text.slice(from, to), base) without the slice; NaN for anything but lower-case digits. */
function readDigits(text: string, from: number, to: number, base: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 58 ? code - 48 : code < 97 ? -1 : code - 87;
    if (digit < 0 || digit >= base) return Number.NaN;
    value = value * base + digit;
  }
  return value;
}
