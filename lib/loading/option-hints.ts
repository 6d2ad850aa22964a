import { describe } from '../core/validate.js';

const TTL = "Write ttl: '5m'.";
const AT = 'Write expiresAt: new Date(…).';

/** Names that other packages have for the lifetime of a value, in lower case. */
export const LIFETIME_HINTS: Readonly<Record<string, string>> = Object.freeze({
  ex: TTL,
  px: TTL,
  exat: AT,
  pxat: AT,
  expire: TTL,
  expires: TTL,
  expiry: TTL,
  expiration: TTL,
  expiresin: TTL,
  expireafter: TTL,
  maxage: TTL,
  duration: TTL,
  lifetime: TTL,
  seconds: TTL,
  ttlms: TTL,
  ttlseconds: TTL,
  stdttl: TTL,
  defaultttl: TTL,
  swr: "Write grace: '1h', softTimeout: 0.",
  stalewhilerevalidate: "Write grace: '1h', softTimeout: 0.",
  staleiferror: "Write grace: '1h'.",
  stale: "Write grace: '1h'.",
});

/** What to write for a lifetime that was given where options belong. */
export function lifetimeAdvice(given: unknown): string | undefined {
  if (typeof given === 'number') return `Write { ttl: ${given} }; the number is in milliseconds.`;
  return typeof given === 'string' ? `Write { ttl: ${describe(given)} }.` : undefined;
}
