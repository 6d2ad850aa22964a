/**
 * JSON with tags. A value that JSON cannot express becomes an object whose only key is one of these tags.
 *
 *     {"$date":1767225600000}   {"$map":[["a",1]]}   {"$undefined":0}
 *
 * A user's own object whose only key begins with `$` could be taken for a tag, so it is wrapped:
 * `{"$object":{"$date":1}}`. Nothing else needs an escape.
 */
export const TAG = {
  undefined: '$undefined',
  number: '$number',
  bigint: '$bigint',
  date: '$date',
  buffer: '$buffer',
  bytes: '$bytes',
  map: '$map',
  set: '$set',
  object: '$object',
} as const;

export type Tag = (typeof TAG)[keyof typeof TAG];

/** Steps from a value to its innermost part; data nested deeper is a mistake, and would exhaust the stack. */
export const MAX_DEPTH = 500;

const DOLLAR = '$'.charCodeAt(0);
const MAX_DATE = 8.64e15;
const NUMBERS: ReadonlyMap<unknown, number> = new Map(
  [Number.NaN, Infinity, -Infinity].map((number) => [`${number}`, number] as const),
).set('-0', -0);

type Properties = Record<string, unknown>;

/** Whether an object with these keys is a tag, or could be taken for one. */
export function looksLikeTag(keys: readonly string[]): boolean {
  return keys.length === 1 && keys[0]?.charCodeAt(0) === DOLLAR;
}

/**
 * Replaces the tags by their values in an object that JSON.parse has just made.
 *
 * @throws Error for a tag or a content that no encoder wrote.
 */
export function reviveTagged(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return reviveItems(node);
  const keys = Object.keys(node);
  return looksLikeTag(keys)
    ? reviveTag(keys[0] as string, (node as Properties)[keys[0] as string])
    : reviveProperties(node as Properties, keys);
}

function reviveItems(items: unknown[]): unknown[] {
  for (let i = 0; i < items.length; i++) items[i] = reviveTagged(items[i]);
  return items;
}

/** Every key is an own property already, `__proto__` too, so that no assignment here reaches a setter. */
function reviveProperties(node: Properties, keys: readonly string[]): Properties {
  for (const key of keys) {
    const part = node[key];
    if (typeof part === 'object' && part !== null) node[key] = reviveTagged(part);
  }
  return node;
}

function reviveTag(tag: string, content: unknown): unknown {
  switch (tag) {
    case TAG.undefined:
      return content === 0 ? undefined : corrupt(tag);
    case TAG.number:
      return NUMBERS.get(content) ?? corrupt(tag);
    case TAG.bigint:
      return typeof content === 'string' && /^-?\d+$/.test(content)
        ? BigInt(content)
        : corrupt(tag);
    case TAG.date:
      return reviveDate(content);
    case TAG.buffer:
      return reviveBytes(content);
    case TAG.bytes:
      return new Uint8Array(reviveBytes(content));
    case TAG.map:
      return new Map(reviveList(content).map((pair) => (isPair(pair) ? pair : corrupt(tag))));
    case TAG.set:
      return new Set(reviveList(content));
    case TAG.object:
      return reviveEscaped(content);
    default:
      // We do not show it: it may be user data.
      return corrupt('an unknown tag');
  }
}

function reviveDate(content: unknown): Date {
  if (content === null) return new Date(Number.NaN);
  const isTime = Number.isInteger(content) && Math.abs(content as number) <= MAX_DATE;
  return isTime ? new Date(content as number) : corrupt(TAG.date);
}

/** Node skips what is not base64, so the length tells. */
function reviveBytes(content: unknown): Buffer {
  if (typeof content !== 'string') return corrupt(TAG.buffer);
  const padding = content.endsWith('==') ? 2 : content.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(content, 'base64');
  return bytes.length === (content.length / 4) * 3 - padding ? bytes : corrupt(TAG.buffer);
}

function reviveList(content: unknown): unknown[] {
  return Array.isArray(content) ? reviveItems(content) : corrupt('a list');
}

function isPair(item: unknown): item is [unknown, unknown] {
  return Array.isArray(item) && item.length === 2;
}

function reviveEscaped(content: unknown): Properties {
  if (typeof content !== 'object' || content === null) return corrupt(TAG.object);
  const keys = Object.keys(content);
  return looksLikeTag(keys) ? reviveProperties(content as Properties, keys) : corrupt(TAG.object);
}

function corrupt(what: string): never {
  throw new Error(`not an encoded value: ${what} is corrupt`);
}
