import { CacheHealthError, type ErrorCode } from '../errors.js';

/** A function of ours that makes a middleware. */
export interface Maker {
  readonly name: string;
  readonly code: ErrorCode;
  /** How to use it. */
  readonly usage: string;
}

/** Express passes a request to a function that should have been called first. */
export function refuseRequest({ name, code, usage }: Maker, given: unknown): void {
  if (!isRequest(given)) return;
  const text = `${name} was passed to Express without a call: its argument is a request. Write ${usage}, with the parentheses.`;
  throw new CacheHealthError(code, text);
}

/** By its looks, because `node:http` is much to load for a cache without a server. */
function isRequest(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { method, url, headers } = given as Record<string, unknown>;
  return typeof method === 'string' && typeof url === 'string' && typeof headers === 'object';
}
