import { errorText } from '../../core/redact/redact.js';
import type { CheckResult } from '../types.js';

/** Codes of Node, of SQL (SQLSTATE) and ours. They say what happened and hold nothing private. */
const KNOWN_CODE = /^(?:E[A-Z_]{2,40}|[0-9A-Z]{5}|timeout)$/;

const MAX_DEPTH = 3;

/** Turns a thrown value into a code that is known to be harmless and a redacted line. */
export function classifyError(error: unknown): CheckResult {
  const code = codeOf(error, 0);
  const message = errorText(error);
  return { status: 'down', ...(code === undefined ? {} : { code }), message };
}

function codeOf(error: unknown, depth: number): string | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return undefined;
  try {
    const { code, errors, cause } = error as Record<string, unknown>;
    if (typeof code === 'string' && KNOWN_CODE.test(code)) return code;
    return codeOf(Array.isArray(errors) ? errors[0] : cause, depth + 1);
  } catch {
    return undefined;
  }
}
