import { describe, invalid, type Subject } from '../validate.js';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** A length of time: a number of milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type Duration = number | `${number}${Unit}`;

const UNIT_MS: Readonly<Record<Unit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest duration, ten years: longer than any entry means to live, and short enough for every header. */
export const LONGEST_MS: number = 10 * 365 * UNIT_MS.d;

/**
 * Reads a duration as whole milliseconds.
 *
 * @throws CacheHealthError with the subject's code when the text has another form, or the length is
 * below `min` (1 ms by default) or above ten years.
 */
export function parseDuration(subject: Subject, value: unknown, min = 1): number {
  const ms = typeof value === 'string' ? textToMs(value) : value;
  if (typeof ms !== 'number' || !Number.isFinite(ms)) {
    const expected = "a number of milliseconds or text such as '30s', '5m' or '1h'";
    throw invalid({ ...subject, advice: subject.advice ?? unitAdvice(value) }, expected, value);
  }
  // Adding 0 turns -0 into 0.
  const whole = Math.round(ms) + 0;
  if (whole < min || whole > LONGEST_MS) {
    throw invalid(subject, `a duration from ${min} ms to 10 years`, value);
  }
  return whole;
}

/**
 * Reads a lifetime that comes from data, such as an HTTP header, as whole milliseconds. `undefined`: the
 * value has no lifetime (zero, negative, `NaN` or infinite). More than ten years count as ten years.
 *
 * @throws CacheHealthError with the subject's code for what is neither a number nor the text of a duration.
 */
export function parseLifetime(subject: Subject, value: unknown): number | undefined {
  const ms = typeof value === 'string' ? textToMs(value) : value;
  if (typeof ms !== 'number') return parseDuration(subject, value);
  const whole = Math.round(ms);
  return Number.isFinite(whole) && whole >= 1 ? Math.min(whole, LONGEST_MS) : undefined;
}

const DURATION: Subject = { name: 'the duration', code: 'ERR_CACHE_OPTION' };

/**
 * The milliseconds of a duration that has a unit, such as `'300ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`: for what
 * comes from the environment. Without a unit, seconds look like milliseconds.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION` for anything else, bare digits included.
 */
export function durationMs(text: string): number {
  if (typeof text === 'string') return parseDuration(DURATION, text, 0);
  const advice = `Its units are ${UNITS}.`;
  throw invalid({ ...DURATION, advice }, "text such as '300ms', '30s' or '5m'", text);
}

const UNITS = 'ms, s, m, h and d';

function unitAdvice(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = /^ *(\d{1,12}) *$/.exec(value)?.[1];
  return digits === undefined
    ? `The units are ${UNITS}.`
    : `Write the unit: '${digits}ms' for milliseconds, '${digits}s' for seconds.`;
}

function textToMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as Unit];
}

/** How people say lengths of time, and from how many on they take the next unit. */
const SPOKEN: readonly (readonly [unitMs: number, name: string, limit: number])[] = [
  [UNIT_MS.ms, 'ms', 1_000],
  [UNIT_MS.s, 's', 120],
  [UNIT_MS.m, 'min', 120],
];

/** Milliseconds as people say them: `850 ms`, `12 s`, `5 min`, `2 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return describe(ms);
  for (const [unitMs, name, limit] of SPOKEN) {
    // Compared after rounding, or 999.6 ms were '1000 ms'.
    const count = Math.round(ms / unitMs);
    if (count < limit) return `${count} ${name}`;
  }
  return `${Math.round(ms / UNIT_MS.h)} h`;
}
