import { types } from 'node:util';
import { CacheHealthError } from '../core/errors.js';
import { MAX_DEPTH } from './codec-tags.js';

/** From a Map or Set to the array of what is in it. */
export const SPREAD: unique symbol = Symbol('spread');

/** One step from a value to a part of it: a property, an index, or the spreading of a Map or Set. */
export type Step = string | number | typeof SPREAD;

const MAX_STEPS_SHOWN = 30;
const MAX_KEY_SHOWN = 60;
const PLAIN_DATA = 'Store plain data, or give the class a toJSON() method.';

/** Types that JSON would silently change, with advice for each. */
const REFUSED: readonly (readonly [(value: unknown) => boolean, advice: string])[] = [
  [(value) => typeof value === 'function', PLAIN_DATA],
  [isThenable, 'Await it first, and store what it resolves to.'],
  [types.isRegExp, 'Store its source and flags.'],
  [isError, 'Store its message, or give the class a toJSON() method.'],
  [types.isAnyArrayBuffer, 'Store a Uint8Array or a Buffer of its bytes.'],
  [types.isArrayBufferView, 'Store a Uint8Array or a Buffer of its bytes.'],
  [types.isWeakMap, PLAIN_DATA],
  [types.isWeakSet, PLAIN_DATA],
  [isOpaque, PLAIN_DATA],
];

/** Whether this object, which has no `toJSON`, cannot be kept as the plain object of its properties. */
export function isRefused(value: object): boolean {
  return REFUSED.some(([applies]) => applies(value));
}

/** The error for a part of a value that cannot be kept. */
export function refusal(path: readonly Step[], value: unknown): CacheHealthError {
  const advice = isOfPg(path)
    ? 'Store its rows: value.rows.'
    : (REFUSED.find(([applies]) => applies(value))?.[1] ?? PLAIN_DATA);
  return refused(path, `is ${withArticle(kindOf(value))}, which cannot be cached. ${advice}`);
}

/** The first function in a result of `pg` is this one, whose rows are what the user means. */
function isOfPg(path: readonly Step[]): boolean {
  return path.length === 2 && path[0] === '_types' && path[1] === 'getTypeParser';
}

export function cycleRefusal(path: readonly Step[]): CacheHealthError {
  const what = 'leads back to an object that it is part of';
  return refused(
    path,
    `${what}; such a cycle cannot be cached. Store an id instead of the object.`,
  );
}

export function depthRefusal(path: readonly Step[]): CacheHealthError {
  const what = `is nested more than ${MAX_DEPTH} levels deep`;
  return refused(path, `${what}, which cannot be cached. Store flatter data.`);
}

/** The way to a part, as a JavaScript expression: `value.items[3]`, `[...value.byId][0][1].name`. */
export function pathText(path: readonly Step[]): string {
  let text = 'value';
  for (const step of path.slice(0, MAX_STEPS_SHOWN)) text = extend(text, step);
  return path.length > MAX_STEPS_SHOWN ? `${text}…` : text;
}

function extend(text: string, step: Step): string {
  if (step === SPREAD) return `[...${text}]`;
  if (typeof step === 'number') return `${text}[${step}]`;
  if (step.length > MAX_KEY_SHOWN) return extend(text, `${step.slice(0, MAX_KEY_SHOWN - 1)}…`);
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)
    ? `${text}.${step}`
    : `${text}[${JSON.stringify(step)}]`;
}

function refused(path: readonly Step[], text: string): CacheHealthError {
  return new CacheHealthError('ERR_CACHE_VALUE', `${pathText(path)} ${text}`);
}

/** Query builders and ORMs make promises of their own, so the method counts. */
function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function isError(value: unknown): boolean {
  return value instanceof Error || types.isNativeError(value);
}

/** Headers, URLSearchParams, generators, Intl formats: their content is not enumerable, so we would store `{}`. */
function isOpaque(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    kindOf(value) !== 'Object' &&
    Object.keys(value).length === 0
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value;
  return isThenable(value) ? 'Promise' : Object.prototype.toString.call(value).slice(8, -1);
}

function withArticle(kind: string): string {
  return `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
