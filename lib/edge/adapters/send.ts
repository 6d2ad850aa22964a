import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { errorText, redact } from '../../core/redact/redact.js';
import type { PurgeReply } from '../edge.js';

/** One request to an edge. */
export interface PurgeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Sends a request. Never rejects. `judge` sees a reply that the status alone does not decide. */
export async function send(
  { method, url, headers, body, signal }: PurgeRequest,
  judge: (status: number, body: string) => PurgeReply | undefined = () => undefined,
): Promise<PurgeReply> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  try {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(url, { method, headers: { ...headers, ...length }, signal }, resolve);
      asked.on('error', reject);
      asked.end(body);
    });
    const said = await text(reply);
    const { statusCode: status = 0 } = reply;
    return judge(status, said) ?? replyOf({ status, said, after: reply.headers['retry-after'] });
  } catch (error) {
    return { kind: 'failed', error: errorText(error) };
  }
}

/** What a status means for a purge. `after`: the `Retry-After` field, in seconds. */
export function replyOf(answer: {
  readonly status: number;
  readonly said: string;
  readonly after?: string | undefined;
}): PurgeReply {
  const { status, said, after } = answer;
  const error = redact(`HTTP ${status} ${said}`.trim());
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 429) {
    const isSeconds = after !== undefined && /^\d{1,5}$/.test(after);
    return { kind: 'throttled', afterMs: isSeconds ? Number(after) * 1_000 : undefined, error };
  }
  // Varnish answers 405 to an address that its list of purgers lacks.
  if (status === 401 || status === 403 || status === 405) return { kind: 'refused', error };
  return { kind: status >= 400 && status < 500 && status !== 408 ? 'invalid' : 'failed', error };
}

/** The worst of the replies of several nodes. */
export function worstOf(replies: readonly PurgeReply[]): PurgeReply {
  const order = ['refused', 'invalid', 'failed', 'throttled', 'accepted'] as const;
  const sorted = [...replies].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return sorted[0] ?? { kind: 'accepted' };
}
