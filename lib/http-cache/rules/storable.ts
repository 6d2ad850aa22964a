import { parseCacheControl } from './cache-control.js';
import { type Fields, fieldText, isSameField } from './fields.js';
import { parseHttpDate } from './http-date.js';
import type { NotStored } from './not-stored.js';
import { varyNames } from './vary.js';

/** What is known when the head of an answer is about to be sent. */
export interface AnswerFacts {
  readonly status: number;
  readonly fields: Fields;
  /** The fields that were there before the handler ran. */
  readonly before: Fields;
  readonly nowMs: number;
  /** The request has an `Authorization` field that the key does not cover. */
  readonly isAuthorized: boolean;
}

export interface PolicyOptions {
  readonly ttlMs: number;
  readonly maxBytes: number;
}

export type Verdict =
  | {
      readonly kind: 'store';
      /** How long the answer is fresh from now on. */
      readonly ttlMs: number;
      /** It may be served for some time after that. */
      readonly mayBeStale: boolean;
      /** Its age already, in seconds: it came through another cache. */
      readonly ageS: number;
    }
  | { readonly kind: 'pass'; readonly reason: NotStored };

/** Stored for the route's `ttl` when they say nothing of a lifetime (RFC 9110, 15.1). */
const STORED_BY_DEFAULT: readonly number[] = [200, 203, 300, 301, 308, 404, 405, 410, 414];

/** Whether a shared cache may store an answer, and for how long (RFC 9111, 3 and 4.2). A doubt means no. */
export function decide(facts: AnswerFacts, options: PolicyOptions): Verdict {
  const reason = statusReason(facts.status) ?? fieldReason(facts, options);
  return reason === undefined ? decideLifetime(facts, options) : { kind: 'pass', reason };
}

function statusReason(status: number): NotStored | undefined {
  if (status === 206) return 'partial';
  if (status === 304) return 'not-modified';
  if (status >= 500) return 'server-error';
  return status < 200 ? 'status' : undefined;
}

function fieldReason(facts: AnswerFacts, options: PolicyOptions): NotStored | undefined {
  const { fields, before } = facts;
  const cookie = fields.get('set-cookie');
  if (cookie !== undefined && !isSameField(before.get('set-cookie'), cookie)) return 'set-cookie';
  if (/^\s*text\/event-stream\b/i.test(fieldText(fields, 'content-type') ?? '')) return 'stream';
  if (fields.has('trailer')) return 'trailer';
  const vary = varyNames(fieldText(fields, 'vary'));
  if (vary === '*') return 'vary-star';
  const coding = (fieldText(fields, 'content-encoding') ?? 'identity').toLowerCase();
  if (coding !== 'identity' && !vary.includes('accept-encoding')) return 'encoding';
  if (Number(fieldText(fields, 'content-length') ?? 0) > options.maxBytes) return 'too-large';
  return directiveReason(facts);
}

function directiveReason({ fields, isAuthorized }: AnswerFacts): NotStored | undefined {
  const control = parseCacheControl(fieldText(fields, 'cache-control'));
  for (const name of ['no-store', 'private', 'no-cache'] as const)
    if (control.has(name)) return name;
  const isPublic = ['public', 's-maxage', 'must-revalidate'].some((name) => control.has(name));
  return isAuthorized && !isPublic ? 'authorization' : undefined;
}

function decideLifetime(facts: AnswerFacts, { ttlMs }: PolicyOptions): Verdict {
  const { fields, status } = facts;
  const age = fieldText(fields, 'age') ?? '0';
  // An age that cannot be read may be any.
  if (!/^\d+$/.test(age)) return { kind: 'pass', reason: 'age' };
  const control = parseCacheControl(fieldText(fields, 'cache-control'));
  const explicit = control.seconds('s-maxage') ?? control.seconds('max-age') ?? expiresIn(facts);
  if (explicit === undefined && !STORED_BY_DEFAULT.includes(status))
    return { kind: 'pass', reason: 'status' };
  const leftMs = explicit === undefined ? ttlMs : (explicit - Number(age)) * 1_000;
  if (leftMs <= 0) return { kind: 'pass', reason: 'no-lifetime' };
  // RFC 9111, 4.2.4 and 5.2.2.10.
  const mayBeStale = !['must-revalidate', 'proxy-revalidate', 's-maxage'].some((name) =>
    control.has(name),
  );
  return { kind: 'store', ttlMs: leftMs, mayBeStale, ageS: Number(age) };
}

/** Seconds; 0 for a date that cannot be read. */
function expiresIn({ fields, nowMs }: AnswerFacts): number | undefined {
  const expires = fieldText(fields, 'expires');
  if (expires === undefined) return undefined;
  const until = parseHttpDate(expires);
  const date = parseHttpDate(fieldText(fields, 'date')) ?? nowMs;
  return until === undefined ? 0 : Math.max(0, Math.floor((until - date) / 1_000));
}
