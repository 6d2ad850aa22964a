import { randomBytes } from 'node:crypto';

/** Returns text of this length that cannot be guessed, in the letters of base64url. */
export function randomText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
