import { encodeCarefully } from './codec-encode.js';
import { MAX_DEPTH, reviveTagged } from './codec-tags.js';
import { RawText } from './raw-text.js';

/**
 * Turns a value into the text that both tiers store, so that Redis and memory return the same.
 *
 * JSON's types, and beyond them `undefined`, `bigint`, `Date`, `Buffer`, `Uint8Array`, `Map`, `Set`, `NaN`,
 * `Infinity` and `-0`, come back as they were. A class instance is stored as the result of its `toJSON()`, or
 * else as a plain object of its own enumerable properties. The same value gives the same text.
 *
 * The first character tells the form: `j`, JSON follows; `t`, JSON with tags (see codec-tags.ts); `r`, the text of
 * a RawText.
 *
 * @throws CacheHealthError `ERR_CACHE_VALUE`, with the path to a part that cannot be stored.
 */
export function encodeValue(value: unknown): string {
  try {
    if (isPlain(value, 0)) return `j${JSON.stringify(value)}`;
  } catch {
    // A getter threw, or the text grew too long: the careful walk says where.
  }
  return value instanceof RawText ? `r${value.text}` : encodeCarefully(value);
}

/**
 * The value in a text of `encodeValue` that begins at `offset`; shares nothing with any other.
 *
 * @throws Error when the text is not one of `encodeValue`.
 */
export function decodeValue(text: string, offset = 0): unknown {
  const form = text.charCodeAt(offset);
  if (form === PLAIN) return JSON.parse(text.slice(offset + 1));
  if (form === TAGGED) return reviveTagged(JSON.parse(text.slice(offset + 1)));
  if (form === RAW) return new RawText(text.slice(offset + 1));
  throw new Error('not an encoded value: none of the forms j, t and r');
}

/** The JSON text of a value that was encoded as JSON alone; `undefined` for any other. */
export function plainJsonOf(text: string, offset: number): string | undefined {
  return text.charCodeAt(offset) === PLAIN ? text.slice(offset + 1) : undefined;
}

const PLAIN = 'j'.charCodeAt(0);
const TAGGED = 't'.charCodeAt(0);
const RAW = 'r'.charCodeAt(0);

/**
 * Whether JSON alone returns the same value. A cycle is infinitely deep, so the depth limit finds it too. This
 * runs on every write, so it only decides; the careful walk explains.
 */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
    case 'object':
      return value === null || (depth < MAX_DEPTH && isPlainObject(value, depth + 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  if (Array.isArray(value)) return hasPlainItems(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // `for…in` also visits inherited properties. That is harmless here.
  for (const key in value)
    if (!isPlain((value as Record<string, unknown>)[key], depth)) return false;
  return true;
}

/** By index: a hole is `undefined`, which JSON would turn into `null`. */
function hasPlainItems(items: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < items.length; i++) if (!isPlain(items[i], depth)) return false;
  return true;
}
