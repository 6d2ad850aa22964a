import { errorText, redact } from '../../core/redact.js';
import { describe } from '../../core/validate.js';
import type { CheckResult, CheckState } from '../types.js';

/** Words that checks use for what they found, by what we say. */
const WORDS: ReadonlyMap<string, CheckState> = new Map([
  ['up', 'up'],
  ['ok', 'up'],
  ['pass', 'up'],
  ['degraded', 'degraded'],
  ['warn', 'degraded'],
  ['down', 'down'],
  ['error', 'down'],
  ['fail', 'down'],
]);

const HIDDEN = '***';

/** Details larger than this, in bytes of JSON, are left out: probes read 4 to 10 KiB of a report. */
const MAX_DETAILS = 1_024;

const SECRET_NAME = /pass|pwd|secret|token|credential|authorization|api[-_]?key|access[-_]?key/i;

/** Codes of Node, of SQL (SQLSTATE) and ours: they say what happened and hold nothing private. */
const KNOWN_CODE = /^(?:E[A-Z_]{2,40}|[0-9A-Z]{5}|timeout)$/;

/** What a settled check means. Only an explicit word of failure is one: a driver's return value is not a verdict. */
export function classifyValue(name: string, value: unknown): CheckResult {
  if (value === false) return { status: 'down', message: 'the check gave false' };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { status: 'up' };
  try {
    // Given instead of thrown: nobody means by it that all is well.
    if (value instanceof Error) return classifyError(value);
    return classifyObject(name, value as Record<string, unknown>);
  } catch (error) {
    return { status: 'down', message: `the check's answer cannot be read: ${errorText(error)}` };
  }
}

function classifyObject(name: string, value: Record<string, unknown>): CheckResult {
  const indicated = insideIndicator(name, value);
  if (indicated !== undefined) return classifyObject(name, indicated);
  if (!('status' in value)) return { status: 'up' };
  const { status, ...details } = value;
  if (isHttpStatus(status)) return classifyHttp(status);
  const known = typeof status === 'string' ? WORDS.get(status.toLowerCase()) : undefined;
  if (known === undefined) {
    return {
      status: 'down',
      message: `the check gave an unknown status: ${redact(describe(status))}`,
    };
  }
  return { status: known, ...safeDetails(details) };
}

/**
 * The inside of what a NestJS indicator answers: `{ database: { status: 'up' } }`. Under another name than the
 * check's it may be a row about something else, so there it needs one of the two words of NestJS.
 */
function insideIndicator(
  name: string,
  value: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const [key, ...others] = Object.keys(value);
  if (key === undefined || others.length > 0) return undefined;
  const inner = value[key];
  if (typeof inner !== 'object' || inner === null || !('status' in inner)) return undefined;
  const isIndicator = key === name || inner.status === 'up' || inner.status === 'down';
  return isIndicator ? (inner as Record<string, unknown>) : undefined;
}

function isHttpStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 100 && status <= 599;
}

/** The answer of `fetch` and its like: what else it holds is theirs, and may be private. */
function classifyHttp(status: number): CheckResult {
  return status < 400 ? { status: 'up' } : { status: 'down', message: `HTTP ${status}` };
}

/** What was thrown, as a code that is known to be harmless and a redacted line. */
export function classifyError(error: unknown): CheckResult {
  const code = codeOf(error, 0);
  const message = errorText(error);
  return { status: 'down', ...(code === undefined ? {} : { code }), message };
}

function codeOf(error: unknown, depth: number): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 3) return undefined;
  try {
    const { code, errors, cause } = error as Record<string, unknown>;
    if (typeof code === 'string' && KNOWN_CODE.test(code)) return code;
    return codeOf(Array.isArray(errors) ? errors[0] : cause, depth + 1);
  } catch {
    return undefined;
  }
}

/** Details as plain JSON without secrets; never so large, or so strange, that the report would not go out. */
function safeDetails(details: Record<string, unknown>): Record<string, unknown> {
  try {
    const text = JSON.stringify(details, withoutSecrets);
    if (Buffer.byteLength(text) > MAX_DETAILS) return { details: 'left out: larger than 1 KiB' };
    return JSON.parse(text);
  } catch {
    return { details: 'left out: not serialisable' };
  }
}

function withoutSecrets(name: string, value: unknown): unknown {
  if (SECRET_NAME.test(name)) return HIDDEN;
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  // A name can hold a secret too: pools by their addresses. Judged before it is redacted.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redact(key),
      SECRET_NAME.test(key) ? HIDDEN : inner,
    ]),
  );
}
