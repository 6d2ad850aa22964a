import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { RESERVED } from '../../entry/layout.js';

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
  // A client may send a whole URL in place of a path. No path has a space.
  const path = url.startsWith('/') ? url : ` ${url}`;
  const key = `http:${originOf(req)}${path}${part}`;
  const isPossible = key.length <= LONGEST && key.isWellFormed() && !key.includes(RESERVED);
  return isPossible ? key : `http:#${hash(key)}`;
}

/** Whether it is the key of an answer. A value that comes from an address may have the address as its key: `http://…`. */
export function isAnswerKey(key: string): boolean {
  return key.startsWith('http:') && !key.startsWith('http:/');
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

/**
 * Behind a trusted proxy the host that Express resolves may differ from the `Host` field. Both count. A client writes what it
 * likes into them, so nothing in them may look like the end of a host: the answer to `/c` of the host `a/b` must not be taken
 * for that of `/b/c` of `a`.
 */
function originOf(req: Request): string {
  const field = (req.headers.host ?? '').toLowerCase();
  const resolved = (req.hostname ?? '').toLowerCase();
  const isSame = field === resolved || field.startsWith(`${resolved}:`);
  const host = isSame ? escaped(field) : `${escaped(resolved)},${escaped(field)}`;
  return `${escaped(req.protocol)}://${host}`;
}

/** Names, addresses and ports stay as they are. */
function escaped(part: string): string {
  const code = (letter: string): string => letter.charCodeAt(0).toString(16).padStart(2, '0');
  return part.replace(/[^\w.:[\]-]/g, (letter) => `%${code(letter)}`);
}

function readable(added: string): string {
  return /^[\w.:@-]{1,128}$/.test(added) ? added : `#${hash(added)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('base64url');
}
