import { contain } from '../../core/contain.js';
import type { CheckResult } from '../types.js';

/** What a body can do, be it one of `fetch`, of Node, or of undici. */
interface Body {
  cancel?(): unknown;
  destroy?(): unknown;
  on?(event: 'error', listener: () => void): unknown;
}

/**
 * The status code of an HTTP client's answer: `status` of `fetch`, axios and their like, `statusCode` of
 * `node:http`, undici and got.
 */
export function httpStatusOf(value: Readonly<Record<string, unknown>>): number | undefined {
  return [value.status, value.statusCode].find(isHttpStatus);
}

function isHttpStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 100 && status <= 599;
}

/** The rest of an answer belongs to the other service and may be private. */
export function classifyHttp(status: number): CheckResult {
  return status < 400 ? { status: 'up' } : { status: 'down', message: `HTTP ${status}` };
}

/**
 * Gives an answer's connection back. An unread body holds it until the garbage is collected. Does nothing to a
 * body that was read, or that other code is reading.
 */
export function release(answer: Readonly<Record<string, unknown>>): void {
  contain(
    () => {
      // The answer of `node:http` is the body itself.
      const body = answer.body ?? (typeof answer.statusCode === 'number' ? answer : undefined);
      if (typeof body !== 'object' || body === null) return undefined;
      return cancel(body as Body);
    },
    () => {},
  );
}

function cancel(body: Body): unknown {
  if (typeof body.cancel === 'function') return body.cancel();
  if (typeof body.destroy !== 'function') return undefined;
  body.on?.('error', () => {});
  return body.destroy();
}
