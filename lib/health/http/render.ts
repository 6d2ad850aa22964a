import { type Examination, isServing } from '../checker/checker.js';
import { buildReport, type Finding } from '../checker/report.js';
import type { CheckResult, HealthChange, HealthState } from '../types.js';
import type { Format } from './negotiate.js';
import { trimBody } from './trim-body.js';

/** A body and its media type. */
export interface Rendered {
  readonly contentType: string;
  readonly body: string;
}

export interface RenderOptions {
  readonly format: Format;
  /** Whether the client may see more than the status. */
  readonly isDetailed: boolean;
  readonly isVerbose: boolean;
  /** Names in `?exclude=` that no check has. */
  readonly unknownExcluded: readonly string[];
  readonly history: readonly HealthChange[] | undefined;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The words of draft-inadarei-api-health-check-06. */
const IETF_STATE: Readonly<Record<HealthState | CheckResult['status'], string>> = {
  ok: 'pass',
  up: 'pass',
  degraded: 'warn',
  error: 'fail',
  down: 'fail',
  shutting_down: 'fail',
};

/** `GET /health`: the status first, because some clients read the beginning only. */
export function renderReport(examination: Examination, options: RenderOptions): Rendered {
  switch (options.format) {
    case 'text':
      return renderText(examination, options);
    case 'health+json':
      return renderIetf(examination, options);
    case 'json':
      return { contentType: JSON_TYPE, body: jsonReport(examination, options) };
  }
}

function jsonReport({ status, findings }: Examination, options: RenderOptions): string {
  if (!options.isDetailed) return JSON.stringify({ status });
  return trimBody(findings, (shown, isTrimmed) => {
    const report = buildReport(status, shown);
    if (isTrimmed) return JSON.stringify({ ...report, trimmed: true });
    const { history } = options;
    return JSON.stringify(history === undefined ? report : { ...report, history });
  });
}

/** `GET /health/ready`: names and states, no messages. */
export function renderReadiness(examination: Examination, options: RenderOptions): Rendered {
  const { status, findings } = examination;
  if (options.format !== 'json') return renderReport(examination, options);
  if (!options.isDetailed) return { contentType: JSON_TYPE, body: JSON.stringify({ status }) };
  const body = trimBody(findings, (shown) => {
    const checks: Record<string, string> = Object.create(null);
    for (const { name, result } of shown) checks[name] = result.status;
    return JSON.stringify({ status, checks });
  });
  return { contentType: JSON_TYPE, body };
}

export function renderStatus(status: string, format: Format): Rendered {
  if (format === 'text') return { contentType: 'text/plain; charset=utf-8', body: `${status}\n` };
  if (format === 'json') return { contentType: JSON_TYPE, body: JSON.stringify({ status }) };
  const state = status === 'ok' ? 'pass' : 'fail';
  return { contentType: 'application/health+json', body: JSON.stringify({ status: state }) };
}

function renderIetf({ status, findings }: Examination, options: RenderOptions): Rendered {
  const state = IETF_STATE[status];
  const body = options.isDetailed
    ? trimBody(findings, (shown) => JSON.stringify({ status: state, checks: ietfChecks(shown) }))
    : JSON.stringify({ status: state });
  return { contentType: 'application/health+json', body };
}

function ietfChecks(findings: readonly Finding[]): Record<string, unknown> {
  const checks: Record<string, unknown> = Object.create(null);
  for (const { name, result } of findings) {
    const { status: state, message, ...rest } = result;
    const output = state === 'up' || message === undefined ? {} : { output: message };
    checks[name] = [{ ...rest, status: IETF_STATE[state], ...output }];
  }
  return checks;
}

/** The form of the Kubernetes API server: a line for each check when asked for, or when it fails. */
function renderText({ status, findings }: Examination, options: RenderOptions): Rendered {
  const isPassing = isServing(status);
  const isListed = options.isDetailed && (options.isVerbose || !isPassing);
  const body = isListed
    ? trimBody(findings, (shown) => textList(shown, options, isPassing))
    : isPassing
      ? `${status}\n`
      : 'health check failed\n';
  return { contentType: 'text/plain; charset=utf-8', body };
}

function textList(
  findings: readonly Finding[],
  { unknownExcluded }: RenderOptions,
  isPassing: boolean,
): string {
  const lines = findings.map(({ name, result }) => textLine(name, result));
  for (const name of unknownExcluded) {
    lines.push(`warn: some health checks cannot be excluded: no matches for "${name}"`);
  }
  lines.push(`health check ${isPassing ? 'passed' : 'failed'}\n`);
  return lines.join('\n');
}

function textLine(name: string, result: CheckResult): string {
  if (result.status === 'up') return `[+]${name} ok`;
  if (result.status === 'degraded') return `[+]${name} degraded`;
  return `[-]${name} failed: reason withheld`;
}
