import { randomBytes } from 'node:crypto';

/** Text of that length which cannot be guessed, in the letters of base64url. */
export function randomText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
