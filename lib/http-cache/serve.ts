import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { Stored } from './record.js';
import { cacheStatus } from './rules/cache-status.js';
import { isUnchanged, OF_THE_BODY } from './rules/conditional.js';
import { fieldsOf } from './rules/fields.js';
import type { Visit } from './visit.js';

/** Which methods lead to the client. */
type Way = Pick<ServerResponse, 'writeHead' | 'end'>;

export interface Serving {
  readonly req: Request;
  readonly res: Response;
  readonly nowMs: number;
  /** Why a stale answer is served. */
  readonly stale?: 'stale-while-revalidate' | 'stale-if-error' | undefined;
  /** Says how long a CDN may keep the answer. */
  readonly share?: (() => void) | undefined;
  /** This visitor waited for another one's handler. */
  readonly isCollapsed?: boolean | undefined;
}

/** Answers a request with a stored answer: 304 if the client has it, without the body for HEAD. */
export function serve(stored: Stored, serving: Serving, way: Way = wayOf(serving.res)): void {
  const { req, res, nowMs } = serving;
  const { head } = stored;
  applyHeaders(stored, res);
  const residentS = Math.max(0, Math.floor((nowMs - head.madeAt) / 1_000));
  res.setHeader('Age', head.ageS + residentS);
  const leftS = Math.floor((head.madeAt + head.ttlMs - nowMs) / 1_000);
  res.append('Cache-Status', hitStatus(serving, leftS));
  serving.share?.();
  const fields = fieldsOf(res.getHeaders());
  if (head.status === 200 && isUnchanged(req.headers, fields)) {
    for (const name of OF_THE_BODY) res.removeHeader(name);
    way.writeHead(304);
    way.end();
    return;
  }
  const body = head.isBinary ? Buffer.from(stored.body, 'base64') : stored.body;
  if (head.status !== 204) res.setHeader('Content-Length', Buffer.byteLength(body));
  if (head.message === '') way.writeHead(head.status);
  else way.writeHead(head.status, head.message);
  if (req.method === 'HEAD') way.end();
  else way.end(body);
}

/** The fields for a CDN, if the route has one. */
export function sharing(
  { edge, address, options, names, now }: Visit,
  { head }: Stored,
  stale: Serving['stale'] | 'outdated',
): (() => void) | undefined {
  if (edge === undefined) return undefined;
  if (stale === 'outdated') return () => edge.refuse(options.res);
  const { status, madeOf = [], madeAt, ageS } = head;
  const keys = [...names, ...madeOf.map(([key]) => key)];
  const ageMs = Math.max(0, now() - madeAt) + ageS * 1_000;
  const isStale = stale !== undefined;
  return () => edge.share(options.res, { status, keys, address, ageMs, isStale });
}

/** What middleware above has put into `Vary` stays there. */
function applyHeaders({ head }: Stored, res: Response): void {
  for (const name of head.removed ?? []) res.removeHeader(name);
  for (const [name, value] of head.headers) {
    if (name === 'vary') res.vary(String(value));
    else res.setHeader(name, value as string);
  }
}

function hitStatus({ stale, isCollapsed }: Serving, leftS: number): string {
  const parameters = ['hit', `ttl=${leftS}`];
  if (isCollapsed) parameters.push('collapsed');
  if (stale !== undefined) parameters.push(`detail=${stale}`);
  return cacheStatus(...parameters);
}

function wayOf(res: Response): Way {
  return {
    writeHead: res.writeHead.bind(res) as ServerResponse['writeHead'],
    end: res.end.bind(res) as ServerResponse['end'],
  };
}
