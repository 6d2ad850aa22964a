import type { ServerResponse } from 'node:http';

/** A stream that wrote nothing for this long has nothing to say at the moment. */
const QUIET_MS = 1_000;

/**
 * Whether an unfinished answer is a stream that loses nothing when it is cut: server-sent events, whose
 * clients connect again, or a body of no given length of which nothing came for a while. What is still in a
 * buffer would be lost.
 */
export function isIdleStream(res: ServerResponse, quietMs: number): boolean {
  if (!res.headersSent || res.writableLength > 0) return false;
  const head = headOf(res);
  if (/^content-length:/im.test(head)) return false;
  return /^content-type:\s*text\/event-stream\b/im.test(head) || quietMs >= QUIET_MS;
}

/**
 * The head as it was sent. `getHeader()` does not know the headers of `writeHead()`; the text is in a field of
 * Node that morgan and others read too.
 */
function headOf(res: ServerResponse): string {
  const { _header: head } = res as { readonly _header?: unknown };
  if (typeof head === 'string') return head;
  return Object.entries(res.getHeaders())
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}
