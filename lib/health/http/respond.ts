import type { ServerResponse } from 'node:http';

export const ALLOWED = 'GET, HEAD, OPTIONS';

export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly body: string;
  /** Headers beside the fixed ones. */
  readonly headers: Readonly<Record<string, string>>;
  /** Writes the body, and goes on writing. `body` is not used then. */
  readonly stream?: (res: ServerResponse) => void;
}

/**
 * Writes an answer that no client or proxy may store: no ETag (and so no 304), no cookies, no redirect. It is
 * written with `end`, because Express' `json` and `send` obey settings of the application. Does nothing if
 * other code has answered.
 */
export function respond(res: ServerResponse, answer: Answer, isHead: boolean): void {
  if (res.headersSent || res.writableEnded) return;
  res.statusCode = answer.code;
  // RFC 9110, 8.6: a 204 has no length, and nothing that could have a type.
  if (answer.code !== 204) {
    res.setHeader('Content-Type', answer.contentType);
    if (answer.stream === undefined) {
      res.setHeader('Content-Length', Buffer.byteLength(answer.body));
    }
  }
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  for (const name in answer.headers) res.setHeader(name, answer.headers[name] ?? '');
  if (isHead) res.end();
  else if (answer.stream === undefined) res.end(answer.body);
  else answer.stream(res);
}
