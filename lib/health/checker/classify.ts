import { errorText, redact } from '../../core/redact/redact.js';
import { describe } from '../../core/validate.js';
import type { CheckResult } from '../types.js';
import { safeDetails } from './details.js';
import { classifyError } from './failure.js';
import { classifyHttp, httpStatusOf, release } from './http-answer.js';
import { failingField, stateOfWord } from './verdict-words.js';

type Fields = Readonly<Record<string, unknown>>;

const UP: CheckResult = Object.freeze({ status: 'up' });

/**
 * What the value of a settled check means. Only an explicit word of failure is one: a driver's return value is
 * not a verdict.
 */
export function classifyValue(name: string, value: unknown): CheckResult {
  if (value === false) return { status: 'down', message: 'the check returned false' };
  if (typeof value === 'string') return classifyText(value);
  if (typeof value !== 'object' || value === null) return { ...UP };
  try {
    if (Array.isArray(value)) return classifyList(name, value);
    // An error that is returned instead of thrown does not mean success.
    if (value instanceof Error) return classifyError(value);
    return classifyObject(name, value as Fields);
  } catch (error) {
    return { status: 'down', message: `the check's answer cannot be read: ${errorText(error)}` };
  }
}

function classifyText(text: string): CheckResult {
  const status = stateOfWord(text) ?? 'up';
  return status === 'up' ? { ...UP } : { status, message: `the check returned ${describe(text)}` };
}

/** Rows are no verdict. The results of several checks at once are: the first that is not up counts. */
function classifyList(name: string, list: readonly unknown[]): CheckResult {
  const results = list.filter(isVerdict).map((item) => classifyValue(name, item));
  const worst =
    results.find(({ status }) => status === 'down') ??
    results.find(({ status }) => status !== 'up');
  return worst ?? { ...UP };
}

/** Whether an item of a list is one check's answer and not a row: false, an error, settled, of HTTP, or nested. */
function isVerdict(item: unknown): boolean {
  if (item === false) return true;
  if (typeof item !== 'object' || item === null) return false;
  if (item instanceof Error || Array.isArray(item)) return true;
  return isSettled(item as Fields) || isHttpAnswer(item as Fields);
}

/** A row may have a number by the name of `status`; it has no headers. */
function isHttpAnswer(item: Fields): boolean {
  return httpStatusOf(item) !== undefined && typeof item.headers === 'object';
}

/** As `Promise.allSettled` gives them. */
function isSettled({ status }: Fields): boolean {
  return status === 'fulfilled' || status === 'rejected';
}

function classifyObject(name: string, value: Fields): CheckResult {
  if (isSettled(value)) {
    return value.status === 'rejected'
      ? classifyError(value.reason)
      : classifyValue(name, value.value);
  }
  const httpStatus = httpStatusOf(value);
  if (httpStatus !== undefined) {
    release(value);
    return classifyHttp(httpStatus);
  }
  const indicated = insideIndicator(name, value);
  if (indicated !== undefined) return classifyObject(name, indicated);
  return 'status' in value ? classifyStatus(value) : classifyFields(value);
}

function classifyStatus({ status, ...details }: Fields): CheckResult {
  const known = stateOfWord(status);
  if (known !== undefined) return { status: known, ...safeDetails(details) };
  const given = redact(describe(status));
  return { status: 'down', message: `the check returned an unknown status: ${given}` };
}

function classifyFields(value: Fields): CheckResult {
  const field = failingField(value);
  if (field === undefined) return { ...UP };
  if (field.isCause) return classifyError(first(value[field.name]));
  const { errmsg, message, error } = value;
  const why = [errmsg, message, error].find((text) => typeof text === 'string' && text !== '');
  const said = `the check returned ${field.name}: ${describe(value[field.name])}`;
  return { status: 'down', message: why === undefined ? said : errorText(`${said}, ${why}`) };
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/**
 * The inner object that a NestJS indicator returns: `{ database: { status: 'up' } }`. Under another name than
 * the check's it may be a row about something else, so there it needs one of the two words of NestJS.
 */
function insideIndicator(name: string, value: Fields): Fields | undefined {
  const [key, ...others] = Object.keys(value);
  if (key === undefined || others.length > 0) return undefined;
  const inner = value[key];
  if (typeof inner !== 'object' || inner === null || !('status' in inner)) return undefined;
  const isIndicator = key === name || inner.status === 'up' || inner.status === 'down';
  return isIndicator ? (inner as Fields) : undefined;
}
