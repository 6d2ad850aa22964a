import { types } from 'node:util';
import { decodeValue } from './codec.js';
import { RawText } from './raw-text.js';

/** How callers get values: each a copy of its own, or all one object that no caller can change. */
export type Share = 'copy' | 'frozen';

/** A value for a caller. */
export interface Decoded {
  readonly value: unknown;
  /** All callers may have this same object. */
  readonly isFrozen: boolean;
}

/** A decoded value in memory, beside its text. */
export interface Kept extends Decoded {
  readonly bytes: number;
  /** As `freshUntilMs` of its entry, so that a hit need not read it there. */
  readonly freshUntilMs: number;
}

/**
 * Decodes a value for a caller. With `frozen` it is frozen to its depths, unless it holds a Date, a Map, a Set or bytes,
 * which JavaScript cannot freeze: such a value belongs to its caller alone, as with `copy`.
 *
 * @throws Error as `decodeValue` does.
 */
export function decodeFor(share: Share, text: string, offset: number): Decoded {
  const value = decodeValue(text, offset);
  const isFrozen = share === 'frozen' && canFreeze(value);
  if (isFrozen) freezeDeep(value);
  return { value, isFrozen };
}

/** Of a value in memory: itself if it is frozen, and otherwise a copy, which costs less than to decode its text. */
export function handOut({ value, isFrozen }: Decoded): unknown {
  return isFrozen ? value : copyOf(value);
}

/** A copy of a value that `JSON.parse` has made. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? copyOfItems(value) : copyOfObject(value as Properties);
}

type Properties = Record<string, unknown>;

function copyOfItems(items: readonly unknown[]): unknown[] {
  const copy = items.slice();
  for (let i = 0; i < copy.length; i++) {
    const item = copy[i];
    if (typeof item === 'object' && item !== null) copy[i] = copyOf(item);
  }
  return copy;
}

/** Every key is an own property of the copy already, `__proto__` too, so that no assignment here reaches a setter. */
function copyOfObject(source: Properties): Properties {
  const copy = { ...source };
  // `for…in` also visits what a program has added to Object.prototype.
  for (const key in copy) {
    const part = copy[key];
    if (typeof part === 'object' && part !== null && Object.hasOwn(copy, key))
      copy[key] = copyOf(part);
  }
  return copy;
}

/** What the engine takes for a string, an object or an array without its content, and for a number that is no small integer. */
const STRING_BYTES = 16;
const OBJECT_BYTES = 24;
const ARRAY_BYTES = 48;
const NUMBER_BYTES = 16;
const FIELD_BYTES = 8;
const SMALLEST = -(2 ** 31);
const LARGEST = 2 ** 31 - 1;

/** The bytes of memory that a decoded value takes in V8 without pointer compression, about. */
export function bytesOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return STRING_BYTES + Buffer.byteLength(value);
    case 'number':
      return Number.isInteger(value) && value >= SMALLEST && value <= LARGEST ? 0 : NUMBER_BYTES;
    case 'bigint':
      return STRING_BYTES + Math.ceil(value.toString(16).length / 2);
    case 'object':
      return value === null ? 0 : bytesOfParts(value);
    default:
      return 0;
  }
}

function bytesOfParts(value: object): number {
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let bytes = Array.isArray(value) ? ARRAY_BYTES : OBJECT_BYTES;
  for (const part of parts) bytes += FIELD_BYTES + bytesOf(part);
  return bytes;
}

/** A text that is read back as it is shares its characters with the entry already. */
function canFreeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(canFreeze);
  const isMutable =
    types.isDate(value) || types.isMap(value) || types.isSet(value) || ArrayBuffer.isView(value);
  return !isMutable && !(value instanceof RawText) && Object.values(value).every(canFreeze);
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const part of Array.isArray(value) ? value : Object.values(value)) freezeDeep(part);
  Object.freeze(value);
}
