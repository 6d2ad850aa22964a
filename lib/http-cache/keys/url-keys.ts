import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** A longer key is replaced by its hash. */
const LONGEST = 800;

/**
 * The key of a URL: `http:`, the origin, the path with the query, and after a space what the route adds. Delete it
 * to remove every variant.
 */
export function primaryKey(
  req: Request,
  added: string | undefined,
  url: string = req.originalUrl,
): string {
  const part = added === undefined ? '' : ` ${readable(added)}`;
  const key = `http:${originOf(req)}${url}${part}`;
  return key.length <= LONGEST && key.isWellFormed() ? key : `http:#${hash(key)}`;
}

export function variantKey(key: string, id: string, variant: string): string {
  return `${key.startsWith('http:#') ? key : `http:#${hash(key)}`}:${id}:${variant}`;
}

/** The URLs that an unsafe request changes: its own, and those that its answer names (RFC 9111, 4.4). */
export function changedUrls(req: Request, named: readonly (string | undefined)[]): Set<string> {
  const urls = new Set([req.originalUrl]);
  const base = `${originOf(req)}${req.originalUrl}`;
  for (const name of named) {
    if (name === undefined || !URL.canParse(name, base)) continue;
    const { origin, pathname, search } = new URL(name, base);
    if (origin === new URL(base).origin) urls.add(`${pathname}${search}`);
  }
  return urls;
}

/** Behind a trusted proxy the host that Express resolves may differ from the `Host` field. Both count. */
function originOf(req: Request): string {
  const field = (req.headers.host ?? '').toLowerCase();
  const resolved = (req.hostname ?? '').toLowerCase();
  const host = field.startsWith(resolved) ? field : `${resolved},${field}`;
  return `${req.protocol}://${host}`;
}

function readable(added: string): string {
  return /^[\w.:@-]{1,128}$/.test(added) ? added : `#${hash(added)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('base64url');
}
