/**
 * A CDN, or a cache of your own such as Varnish, in front of the application. `varnish()`, `nginx()`, `fastly()`,
 * `cloudflare()`, `bunny()` and `custom()` of `express-cache-health/http-cache` make one.
 */
export interface Edge {
  /** What status, metrics and logs call it. */
  readonly name: string;
  /** The field that names an answer's tags; absent: this edge purges by address alone. */
  readonly tagField: TagField | undefined;
  /** Whether it obeys `CDN-Cache-Control` (RFC 9213). */
  readonly obeysTargetedField: boolean;
  readonly limits: EdgeLimits;
  /** Sends one purge. Resolves when the edge accepted it. */
  purge(order: PurgeOrder): Promise<PurgeReply>;
}

export interface TagField {
  readonly name: string;
  readonly separator: ' ' | ',';
  /** The most bytes that an answer's field may have, and the most tags. */
  readonly maxBytes: number;
  readonly maxTags: number;
}

/** The limits on purges that the vendor documents. */
export interface EdgeLimits {
  readonly tagsPerPurge: number;
  /** The most bytes of tags in one purge, separators included. */
  readonly bytesPerPurge: number;
  /** So many purges may be sent at once, */
  readonly burst: number;
  /** and so many more in each second. */
  readonly perSecond: number;
}

export interface PurgeOrder {
  /** Tags, or addresses for an edge without tags. */
  readonly names: readonly string[];
  /** The answers become stale: they still serve when the application fails. Otherwise they are gone. */
  readonly isSoft: boolean;
  readonly signal: AbortSignal;
}

/**
 * - `accepted`: the edge has the purge.
 * - `throttled`: too many; it says when to come again, or does not.
 * - `refused`: wrong credentials, or not allowed. Only a person can help.
 * - `invalid`: it does not understand this purge, and would not the next time.
 * - `failed`: it may work later.
 */
export type PurgeReply =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'throttled'; readonly afterMs: number | undefined; readonly error: string }
  | { readonly kind: 'refused' | 'invalid' | 'failed'; readonly error: string };

/** Marks what the functions of this package made, also those of another copy of it. */
export const EDGE_MARK: unique symbol = Symbol.for('express-cache-health.edge');
