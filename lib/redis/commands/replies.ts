import type { ScanPage } from '../remote.js';

/** None of our counters, times and serials has more digits, and a double holds 16 digits exactly. */
const NUMBER = /^\d{1,16}$/;

/** A number that Redis sent as text, or `undefined`. */
export function parseNumber(text: unknown): number | undefined {
  if (typeof text !== 'string' || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The text after `echo|` in a script's reply. `undefined`: the reply belongs to another command. */
export function afterEcho(reply: unknown, echo: string): string | undefined {
  if (typeof reply !== 'string' || !reply.startsWith(echo)) return undefined;
  return reply.charAt(echo.length) === '|' ? reply.slice(echo.length + 1) : undefined;
}

/**
 * An answer for each item of a batch: `exception` at the positions that a text such as `2,31,` names (they
 * count from 1), `usual` everywhere else.
 */
export function parsePositions<A>(
  text: string,
  count: number,
  [usual, exception]: readonly [A, A],
): readonly A[] | undefined {
  const answers = new Array<A>(count).fill(usual);
  if (text === '') return answers;
  if (!text.endsWith(',')) return undefined;
  for (const position of text.slice(0, -1).split(',')) {
    const at = parseNumber(position);
    if (at === undefined || at < 1 || at > count) return undefined;
    answers[at - 1] = exception;
  }
  return answers;
}

/** TIME's reply in microseconds. */
export function parseTime(reply: unknown): number | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  const [seconds, micros] = [parseNumber(reply[0]), parseNumber(reply[1])];
  if (seconds === undefined || micros === undefined) return undefined;
  return seconds * 1_000_000 + micros;
}

/** One step of SCAN. A cursor is a number of 64 bits: it stays a text. */
export function parseScan(reply: unknown): ScanPage | undefined {
  if (!Array.isArray(reply) || reply.length !== 2 || !Array.isArray(reply[1])) return undefined;
  const [next, keys] = reply;
  if (!/^\d{1,20}$/.test(String(next))) return undefined;
  if (keys.some((key: unknown) => typeof key !== 'string')) return undefined;
  return { next: String(next), keys };
}
