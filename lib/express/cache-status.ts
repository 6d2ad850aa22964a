import type { Response } from 'express';
import type { Cache } from '../api/cache.js';
import type { Lookup } from '../api/events.js';

/** How often each tier answered the lookups of one request. */
interface Use {
  near: number;
  redis: number;
  memory: number;
  miss: number;
  hasStale: boolean;
}

/** Views whose request gets the header already. */
const watched = new WeakSet<Cache>();

/**
 * Adds a `Cache-Status` header (RFC 9211) to the answer of a request whose handler used the cache before the
 * headers were sent: `hit` if every lookup was one, else why something was loaded.
 */
export function reportUse(view: Cache, res: Response): void {
  if (watched.has(view)) return;
  watched.add(view);
  const use: Use = { near: 0, redis: 0, memory: 0, miss: 0, hasStale: false };
  view.on('lookup', (lookup) => count(use, lookup));
  const { writeHead } = res;
  function writeHeadWithStatus(this: Response, ...args: unknown[]): Response {
    const member = memberOf(use);
    // Other caches come first: ours is the one nearest to the client.
    if (member !== undefined && !res.headersSent) res.append('Cache-Status', member);
    return Reflect.apply(writeHead, res, args);
  }
  res.writeHead = writeHeadWithStatus as Response['writeHead'];
}

function count(use: Use, { outcome, tier }: Lookup): void {
  use[tier ?? 'miss']++;
  if (outcome === 'stale') use.hasStale = true;
}

const NAMES = ['near', 'redis', 'memory', 'miss'] as const;

/** One member of the header's list; `undefined` if the cache was not used. */
function memberOf(use: Use): string | undefined {
  const used = NAMES.filter((name) => use[name] > 0);
  if (used.length === 0) return undefined;
  const verdict = use.miss > 0 ? 'fwd=miss' : use.hasStale ? 'fwd=stale' : 'hit';
  const member = `express-cache-health; ${verdict}`;
  const total = use.near + use.redis + use.memory + use.miss;
  if (total > 1) {
    return `${member}; detail="${used.map((name) => `${use[name]} ${name}`).join(', ')}"`;
  }
  return use.miss > 0 ? member : `${member}; detail=${used[0]}`;
}
