import type { Warnings } from '../advice/warnings.js';

/** Usual lifetimes in seconds: half an hour, hours, days. In milliseconds they would be odd. */
const IN_SECONDS: ReadonlySet<number> = new Set([
  1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800,
]);

const LONGEST = 604_800;

/** Whether a lifetime given as a number was probably meant in seconds. */
export function looksLikeSeconds(value: unknown): value is number {
  if (typeof value !== 'number' || value <= 0) return false;
  return value < 1_000 || (value <= LONGEST && IN_SECONDS.has(value));
}

/** Warns of an option whose number was probably meant in seconds. Text with a unit is never in doubt. */
export function warnOfSeconds(warnings: Warnings, name: string, value: number): void {
  const text = `${name} is ${value} ms, because a number is in milliseconds. If you mean seconds, write '${value}s', otherwise '${value}ms'.`;
  warnings.once('a-number-that-may-be-seconds', text);
}

/** The same for several options. `shortest` has, for each, the milliseconds below which a number is in doubt. */
export function warnOfShort(
  warnings: Warnings,
  given: object,
  shortest: Readonly<Record<string, number>>,
): void {
  for (const [name, limit] of Object.entries(shortest)) {
    const value: unknown = (given as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'number' && value > 0 && value < limit)
      warnOfSeconds(warnings, name, value);
  }
}
