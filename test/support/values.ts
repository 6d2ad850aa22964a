import fc from 'fast-check';

/** Keys that a careless codec trips over. */
export const TRAPS = [
  '__proto__',
  'constructor',
  'toJSON',
  '$',
  '$undefined',
  '$number',
  '$bigint',
  '$date',
  '$buffer',
  '$bytes',
  '$map',
  '$set',
  '$object',
] as const;

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
const text = fc.oneof(fc.string(), fc.string({ unit: codeUnit }));
const key = fc.oneof(fc.constantFrom(...TRAPS), text);

/** Any value that the cache keeps as it is, halves of surrogate pairs included. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('leaf'), tie('nest')),
  leaf: fc.oneof(
    text,
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, Number.NaN, Infinity, -Infinity),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 8 }),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  ),
  nest: fc.oneof(
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 1 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

/** One text for each value: two values are equal, types and order included, when their portraits are. */
export function portrait(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) {
    return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
  }
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `${value.constructor.name} ${[...value]}`;
  const parts = Array.isArray(value)
    ? value.map(portrait)
    : value instanceof Map || value instanceof Set
      ? [...value].map(portrait)
      : Object.entries(value).map((entry) => entry.map(portrait).join(': '));
  return `${kindOf(value)}(${parts.join(', ')})`;
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Every object in a value, itself included. */
export function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== 'object' || value === null) return;
  yield value;
  if (value instanceof Uint8Array) return;
  const isIterable = value instanceof Map || value instanceof Set || Array.isArray(value);
  for (const part of isIterable ? value : Object.values(value)) yield* objectsIn(part);
}
