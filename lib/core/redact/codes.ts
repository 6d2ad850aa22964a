import { HIDDEN } from './hidden.js';

/** What a code is sent for. */
const PURPOSE =
  '(?:one[- ]?time|verification|security|confirmation|login|access|auth(?:entication|orization)?)';
const NOUN = '(?:code|password|passcode|pin)';
const NAME = `(?:${PURPOSE}[- ]${NOUN}|2fa(?:[- ]code)?|mfa(?:[- ]code)?|t?otp|pin(?:[- ]code)?)`;

/** Four to eight digits, also in groups: `271 828`. */
const DIGITS = String.raw`(?:\d[ -]?){3,7}\d`;

/** `Your verification code is 123 456`, `wrong PIN (1234)` */
const BEHIND = new RegExp(String.raw`(\b${NAME}\b[^\d\n]{1,20})${DIGITS}\b`, 'gi');

/** `123456 is your login code` */
const BEFORE = new RegExp(
  String.raw`\b${DIGITS}(?=\s(?:is|as)\s(?:your|the)\s[^\n]{0,30}?\b(?:${NAME}|code)\b)`,
  'gi',
);

/** Hides one-time codes and PINs in sentences. */
export function hideCodes(text: string): string {
  return text.replace(BEHIND, `$1${HIDDEN}`).replace(BEFORE, HIDDEN);
}
