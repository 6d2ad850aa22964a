import type { ServerResponse } from 'node:http';

/** A JSON text, and which version of which entry it comes from. */
export interface JsonText {
  /** `undefined`: there is no value. */
  readonly text: string | undefined;
  /** Absent: the text is in no tier. */
  readonly version?: string | undefined;
}

const READING: readonly string[] = ['GET', 'HEAD'];

const WITHOUT_BODY: readonly number[] = [204, 205, 304];

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers a request with a JSON text: 200, or 304 if the client has this version, or 204 if there is no value. HEAD gets
 * the head. Headers and a status that were set before stay.
 */
export function answerJson(res: ServerResponse, { text, version }: JsonText): void {
  // The client has gone, or the answer was sent.
  if (res.headersSent || res.destroyed) return;
  if (version !== undefined && !res.hasHeader('etag')) res.setHeader('ETag', `"${version}"`);
  if (text === undefined) res.statusCode = 204;
  else if (res.statusCode === 200 && hasVersion(res)) res.statusCode = 304;
  if (text === undefined || WITHOUT_BODY.includes(res.statusCode)) {
    res.removeHeader('Content-Type');
    res.end();
    return;
  }
  if (!res.hasHeader('content-type')) res.setHeader('Content-Type', JSON_TYPE);
  const body = bytesOf(text);
  res.setHeader('Content-Length', body.length);
  if (res.req.method === 'HEAD') res.end();
  else res.end(body);
}

/** As bytes, so that Node does not encode the text once more behind the head. ASCII is copied, which is faster. */
function bytesOf(text: string): Buffer {
  const isAscii = Buffer.byteLength(text) === text.length;
  return Buffer.from(text, isAscii ? 'latin1' : 'utf8');
}

/** Whether the client has what would be sent (RFC 9110, 13.1.2: the comparison is weak). */
function hasVersion(res: ServerResponse): boolean {
  const etag = res.getHeader('etag');
  const { method = '', headers } = res.req;
  const given = headers['if-none-match'];
  if (!READING.includes(method) || typeof etag !== 'string' || given === undefined) return false;
  const known: readonly string[] = given.match(OPAQUE) ?? [];
  return ['*', etag].includes(given.trim()) || known.includes(etag.match(OPAQUE)?.[0] ?? '');
}

/** What stands between quotes may have a comma. Whether a tag is weak does not count. */
const OPAQUE = /"[^"]*"/g;
