import { stripVTControlCharacters } from 'node:util';
import { hideAddresses, hideWebhooks, hideWholeAddress } from './addresses.js';
import { hideCodes } from './codes.js';
import { hideElements } from './elements.js';
import { hideFlags } from './flags.js';
import { hidePairs } from './pairs.js';
import { hidePhrases } from './phrases.js';
import { hideOpaque, hideTokens } from './tokens.js';

/*
 * Text that leaves the process passes through here. When in doubt, a word too many is hidden: a message that is
 * less clear does less harm than a password in a log.
 *
 * Each step takes time in proportion to the text: where a secret begins, its end is searched once, and every
 * other look is at a bounded number of characters.
 */

/** How long a redacted text may be. */
const MAX_LENGTH = 200;

/** The rest of a longer text is dropped. */
const MAX_INPUT = 8_000;

/** In order. A step may rely on what stands before it: the `@` in a webhook belongs to no password. */
const STEPS: readonly ((text: string) => string)[] = [
  hideWebhooks,
  hideWholeAddress,
  hideTokens,
  hidePhrases,
  hideElements,
  hideFlags,
  hidePairs,
  hideCodes,
  hideAddresses,
  hideOpaque,
];

/**
 * Text that may leave the process, on one line of at most 200 characters. Passwords in addresses,
 * `password=…`-like pairs, keys, tokens and every other known kind of secret become `***`, and control
 * characters are removed. The host of a URL stays.
 */
export function redact(text: string): string {
  let safe = withoutControls(text.length > MAX_INPUT ? cut(text) : text);
  for (const hide of STEPS) safe = hide(safe);
  return shorten(safe.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '));
}

function shorten(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  // Does not cut a character of two code units in half.
  return `${text.slice(0, MAX_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A word that the cut would halve goes as a whole: half a secret may look like none. */
function cut(text: string): string {
  let end = MAX_INPUT;
  while (end > 0 && !isSpace(text, end - 1)) end--;
  return `${text.slice(0, end)}…`;
}

function isSpace(text: string, at: number): boolean {
  return text.charAt(at).trim() === '';
}

/** They are removed, not replaced: a space would end a secret too early. So are marks that reverse the text. */
function withoutControls(text: string): string {
  const plain = stripVTControlCharacters(text.toWellFormed());
  return plain.replace(/[^\P{Cc}\s]+|[\u202A-\u202E\u2066-\u2069]+/gu, '');
}

/**
 * One redacted line for anything that was thrown. Never throws itself. Node's connection errors to several
 * addresses carry an empty message; then the first inner error, or the code, speaks.
 */
export function errorText(error: unknown): string {
  try {
    return redact(rawText(error, 0)).trim() || 'unknown error';
  } catch {
    return 'unknown error';
  }
}

const MAX_DEPTH = 3;

function rawText(error: unknown, depth: number): string {
  if (typeof error === 'string') return error;
  const isObject = typeof error === 'object' || typeof error === 'function';
  if (!isObject || error === null) return String(error);
  const { message, code, errors, name } = error as Record<string, unknown>;
  if (typeof message === 'string' && message !== '') return message;
  const inner = Array.isArray(errors) ? errors[0] : undefined;
  if (inner !== undefined && depth < MAX_DEPTH) return rawText(inner, depth + 1);
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' ? name : 'unknown error';
}
