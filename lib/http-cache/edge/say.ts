import type { Response } from 'express';
import type { Head } from '../capture/capture.js';
import { cacheStatus } from '../rules/cache-status.js';
import type { NotStored } from '../rules/not-stored.js';
import type { Verdict } from '../rules/storable.js';
import type { EdgeFields } from './edge-fields.js';

/** Where it is said. */
export interface Saying {
  readonly res: Response;
  readonly config: { readonly key: unknown };
  readonly shared?: { readonly fields: EdgeFields } | undefined;
}

/** An answer that may be one visitor's. */
const PERSONAL: readonly NotStored[] = ['unkeyed-read', 'set-cookie', 'authorization'];

/** An answer that may be older than the values that it was made of, or not whole. */
const DOUBTFUL: readonly NotStored[] = ['changed', 'no-value', 'too-many-keys', 'incomplete'];

/** Says in headers what the cache does, and keeps caches in front of it from storing what is one visitor's. */
export function say(
  { res, config, shared }: Saying,
  verdict: Verdict,
  { status, fields }: Pick<Head, 'status' | 'fields'>,
): void {
  const reason = verdict.kind === 'pass' ? verdict.reason : undefined;
  const said = reason === undefined ? 'stored' : `detail=${reason}`;
  res.append('Cache-Status', cacheStatus('fwd=miss', said));
  const isPersonal = isOneOf(PERSONAL, reason);
  const isDoubtful = isOneOf(DOUBTFUL, reason);
  if (shared !== undefined && isPersonal) shared.fields.keepPrivate(res);
  else if (shared !== undefined && isDoubtful) shared.fields.refuse(res);
  else if (fields.has('cache-control')) return;
  else if (status >= 500) res.setHeader('Cache-Control', 'no-store');
  else if (isPersonal || config.key !== undefined)
    res.setHeader('Cache-Control', 'private, no-cache');
  else if (reason !== undefined) shared?.fields.refuse(res);
}

function isOneOf(reasons: readonly NotStored[], reason: NotStored | undefined): boolean {
  return reason !== undefined && reasons.includes(reason);
}
