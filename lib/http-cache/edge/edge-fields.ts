import type { Response } from 'express';
import type { EdgeTier } from '../../edge/edge-tier.js';
import { guardCookies } from './cookie-guard.js';

/** What a route says of the lifetimes of its answers at the edge, in milliseconds. */
export interface EdgeLifetimes {
  readonly edgeTtlMs: number;
  readonly swrMs: number;
  readonly graceMs: number;
}

/** An answer that the edge may store. */
export interface SharedAnswer {
  readonly status: number;
  /** The keys of the values that it was made of, and its own. */
  readonly keys: readonly string[];
  /** Its address, for edges without tags. */
  readonly address: string;
  /** How long ago it was made. */
  readonly ageMs: number;
  /** It is served in place of an error, or while a new one is being made. */
  readonly isStale: boolean;
}

/** While processes cannot notice each other's changes. */
const DEGRADED_S = 5;
const DEGRADED_SWR_S = 30;

/** An answer that says that there is nothing. */
const GONE: readonly number[] = [404, 410];
const GONE_S = 10;

const NOT_SHARED = 'private, no-cache';

/** The CDN in front of the application, as one route sees it. */
export class EdgeFields {
  readonly #tier: EdgeTier;
  readonly #lifetimes: EdgeLifetimes;

  constructor(tier: EdgeTier, lifetimes: EdgeLifetimes) {
    this.#tier = tier;
    this.#lifetimes = lifetimes;
  }

  /** Says how long the edge may keep the answer, and with which tags it is purged. */
  share(res: Response, answer: SharedAnswer): void {
    const field = this.#tier.tagField(answer.keys, answer.address);
    const isPrivate = field.kind === 'too-many' || res.hasHeader('set-cookie');
    if (isPrivate || !guardCookies(res, () => this.keepPrivate(res))) {
      this.keepPrivate(res);
      return;
    }
    if (field.kind === 'field') res.setHeader(field.name, field.text);
    // The handler's own words stand.
    if (res.hasHeader('cache-control')) return;
    const windows = this.#windows();
    const lifetimeS = this.#lifetimeS(answer);
    const shared = ['public', 'max-age=0', `s-maxage=${lifetimeS}`, ...windows];
    res.setHeader('Cache-Control', shared.join(', '));
    if (this.#tier.edge.obeysTargetedField)
      res.setHeader('CDN-Cache-Control', [`max-age=${lifetimeS}`, ...windows].join(', '));
    // What is left of the lifetime is said above; some edges ignore Age, and others would subtract it.
    res.removeHeader('Age');
  }

  /** The edge must not keep the answer, because a value that it was made of has changed. */
  refuse(res: Response): void {
    res.setHeader('Cache-Control', 'no-store');
    this.#removeTags(res);
  }

  /** The answer is for this visitor alone. */
  keepPrivate(res: Response): void {
    res.setHeader('Cache-Control', NOT_SHARED);
    this.#removeTags(res);
  }

  #removeTags(res: Response): void {
    const { tagField, obeysTargetedField } = this.#tier.edge;
    if (tagField !== undefined) res.removeHeader(tagField.name);
    // Also a field of the handler, which would come before Cache-Control.
    if (obeysTargetedField || res.hasHeader('cdn-cache-control'))
      res.setHeader('CDN-Cache-Control', 'no-store');
  }

  #windows(): readonly string[] {
    const { swrMs, graceMs } = this.#lifetimes;
    const swrS = Math.max(seconds(swrMs), this.#tier.isDegraded ? DEGRADED_SWR_S : 0);
    const graceS = seconds(graceMs);
    return [
      ...(swrS > 0 ? [`stale-while-revalidate=${swrS}`] : []),
      ...(graceS > 0 ? [`stale-if-error=${graceS}`] : []),
    ];
  }

  #lifetimeS({ status, ageMs, isStale }: SharedAnswer): number {
    if (isStale) return 1;
    const wholeS = Math.max(1, seconds(this.#lifetimes.edgeTtlMs));
    const longestS = GONE.includes(status) ? Math.min(wholeS, GONE_S) : wholeS;
    // In an outage memory bounds how old an answer can be.
    if (this.#tier.isDegraded) return Math.min(longestS, DEGRADED_S);
    return Math.max(1, longestS - seconds(ageMs));
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
