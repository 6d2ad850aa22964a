import type { Request } from 'express';

/** The target of a request: one of our paths, and the parameters of its query. */
export interface Target {
  /** The first segment below where the router is mounted, in lower case; '' for the mount itself. */
  readonly endpoint: string;
  /** What follows it, in lower case. */
  readonly rest: readonly string[];
  readonly params: URLSearchParams;
}

const ENDPOINTS: ReadonlySet<string> = new Set(['live', 'ready', 'startup', 'check']);

export function isEndpoint(segment: string): boolean {
  return ENDPOINTS.has(segment);
}

export function targetOf(req: Request): Target {
  const [path = '', query = ''] = pathOf(req.url).split('?', 2);
  const [endpoint = '', ...rest] = path.toLowerCase().split('/').filter(Boolean);
  return { endpoint, rest, params: new URLSearchParams(query) };
}

/** A client of a proxy may send the whole address (RFC 9112, 3.2.2), and Express leaves it as it is. */
function pathOf(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
}

/** Whether a browser asks for permission first (CORS). The answer has nothing to do with health. */
export function isPreflight(req: Request): boolean {
  return (
    req.method === 'OPTIONS' &&
    req.headers.origin !== undefined &&
    req.headers['access-control-request-method'] !== undefined
  );
}
