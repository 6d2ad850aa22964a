import { stripVTControlCharacters } from 'node:util';

const MAX_LENGTH = 200;

const RULES: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host, scheme://:password@host, scheme://token@host
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@]{0,500}@/gi, '$1***@'],
  [/\beyJ[\w-]{5,2000}\.[\w-]{5,4000}(?:\.[\w-]{0,2000})?/g, '***'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{4,4000}/gi, '$1 ***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,20}\b/g, '***'],
  [
    /(["']?\b[\w-]{0,40}(?:password|passwd|pwd|pass|secret|token|api[-_]?key|access[-_]?key|authorization|auth|credential)s?["']?\s{0,3}[=:]\s{0,3})(?:"[^"]{0,500}"|'[^']{0,500}'|[^\s,;&"')}\]]{1,500})/gi,
    '$1***',
  ],
];

/**
 * Text that may leave the process: URL user-info, `password=…`-like pairs, bearer tokens, JWTs and AWS
 * key ids are replaced by `***`, control characters by spaces; at most 200 characters.
 * Every expression is linear in the length of the text.
 */
export function redact(text: string): string {
  let safe = printable(text.slice(0, 10 * MAX_LENGTH));
  for (const [pattern, replacement] of RULES) safe = safe.replace(pattern, replacement);
  return safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH - 1)}…` : safe;
}

function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}+/gu, ' ');
}

/**
 * One redacted line for whatever was thrown. Never throws itself. Node's connection errors to several
 * addresses carry an empty message: then the first inner error, or the code, speaks.
 */
export function errorText(error: unknown): string {
  try {
    return redact(rawText(error, 0)) || 'unknown error';
  } catch {
    return 'unknown error';
  }
}

function rawText(error: unknown, depth: number): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, code, errors, name } = error as Record<string, unknown>;
  if (typeof message === 'string' && message !== '') return message;
  if (Array.isArray(errors) && errors.length > 0 && depth < 3) return rawText(errors[0], depth + 1);
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' ? name : 'unknown error';
}
