import { CacheHealthError, type ErrorCode } from './errors.js';
import { redact } from './redact/redact.js';

/** What is being checked: its name as the user writes it, and the code of the error if it is wrong. */
export interface Subject {
  readonly name: string;
  readonly code: ErrorCode;
  /** What to do when it is wrong. */
  readonly advice?: string | undefined;
  /** What to write instead of an option that other packages have, by its name in lower case. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
}

/** An error that says what was expected, what was given, and (optionally) what to do. */
export function invalid(subject: Subject, expected: string, given: unknown): CacheHealthError {
  const { name, code, advice } = subject;
  const hint = advice === undefined ? '' : ` ${advice}`;
  return new CacheHealthError(code, `${name} must be ${expected}, got ${describe(given)}.${hint}`);
}

/** A value as it may be shown in a message: short, one line, without secrets, never a dump of an object. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return `'${shorten(redact(value))}'`;
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'symbol':
      return 'a symbol';
    default:
      return describeObject(value);
  }
}

function shorten(text: string): string {
  // Does not cut a character of two code units in half.
  return text.length > 60 ? `${text.slice(0, 57).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

function describeObject(value: object): string {
  const name = classNameOf(value);
  if (typeof name !== 'string' || name === 'Object' || name === '') return 'an object';
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name === 'Array' ? 'array' : name}`;
}

function classNameOf(value: object): unknown {
  try {
    return Array.isArray(value) ? 'Array' : Object.getPrototypeOf(value)?.constructor?.name;
  } catch {
    // A Proxy may refuse to answer.
    return undefined;
  }
}

export function parseInteger(
  subject: Subject,
  value: unknown,
  [min, max]: readonly [min: number, max: number],
): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(subject, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

export function parseFunction<F>(subject: Subject, value: unknown, advice?: string): F {
  if (typeof value !== 'function') throw invalid({ ...subject, advice }, 'a function', value);
  return value as F;
}

export function parseBoolean(subject: Subject, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid(subject, 'true or false', value);
  return value;
}

/**
 * Reads an options object: `undefined` is an empty one, an unknown option is an error that suggests
 * the right name.
 */
export function parseOptions<T extends object>(
  subject: Subject,
  value: unknown,
  known: readonly (keyof T & string)[],
): T {
  if (value === undefined) return {} as T;
  if (!isRecord(value)) throw invalid(subject, 'an object of options', value);
  for (const key of Object.keys(value)) {
    if (!(known as readonly string[]).includes(key)) throw unknownOption(subject, key, known);
  }
  return value as T;
}

/** A Map, a promise without `await`, a Date: we would silently ignore the options in them. */
function isRecord(value: unknown): value is object {
  return RECORDS.includes(Object.prototype.toString.call(value));
}

const RECORDS: readonly string[] = ['[object Object]', '[object Module]'];

function unknownOption(subject: Subject, key: string, known: readonly string[]): CacheHealthError {
  const advice = hintFor(key, subject.hints) ?? nearestAdvice(key, known);
  return new CacheHealthError(
    subject.code,
    `${subject.name} has no option ${describe(key)}. ${advice}`,
  );
}

function hintFor(key: string, hints: Subject['hints']): string | undefined {
  const name = key.toLowerCase();
  return hints !== undefined && Object.hasOwn(hints, name) ? hints[name] : undefined;
}

function nearestAdvice(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean '${near}'?`;
}

/** The candidate that a misspelt word probably means: at most `limit` letters are different. */
export function nearest(
  word: string,
  candidates: readonly string[],
  limit: number = Math.max(2, Math.floor(word.length / 3)),
): string | undefined {
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance by the two-row method (Wagner and Fischer, 1974). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
