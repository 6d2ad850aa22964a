import type { Request } from 'express';
import { parseCacheControl } from './rules/cache-control.js';
import type { NotStored } from './rules/not-stored.js';

/**
 * What the cache does for a request.
 * - `share`: answers from the cache, or runs the handler once for all who ask.
 * - `look`: answers from the cache, or lets the request pass.
 * - `pass`: lets the request pass.
 * - `change`: the same, and a successful answer removes what is stored of its URL.
 */
export type RequestPlan =
  | { readonly kind: 'share' }
  | { readonly kind: 'look' | 'pass'; readonly reason: NotStored }
  | { readonly kind: 'change' };

export function planOf(req: Request): RequestPlan {
  const { method, headers } = req;
  if (method === 'OPTIONS' || method === 'TRACE') return { kind: 'pass', reason: 'method' };
  if (method !== 'GET' && method !== 'HEAD') return { kind: 'change' };
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    return { kind: 'pass', reason: 'request-body' };
  if (headers.upgrade !== undefined) return { kind: 'pass', reason: 'stream' };
  if (method === 'HEAD') return { kind: 'look', reason: 'head' };
  if (PARTIAL.some((name) => headers[name] !== undefined)) return { kind: 'look', reason: 'range' };
  if (parseCacheControl(headers['cache-control']).has('no-store'))
    return { kind: 'look', reason: 'request-no-store' };
  return { kind: 'share' };
}

const PARTIAL = ['range', 'if-range', 'if-match', 'if-unmodified-since'] as const;

/** The client wants a stored answer or none (RFC 9111, 5.2.1.7). */
export function wantsStoredOnly({ headers }: Request): boolean {
  return parseCacheControl(headers['cache-control']).has('only-if-cached');
}
