import type { Examination } from './health.js';
import type { Format } from './negotiate.js';
import { buildReport } from './report.js';
import type { CheckResult, HealthChange, HealthState } from './types.js';

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
  const { status } = examination;
  switch (options.format) {
    case 'text':
      return renderText(examination, options);
    case 'health+json':
      return renderIetf(examination, options);
    case 'json': {
      const { history } = options;
      const report = options.isDetailed
        ? { ...buildReport(status, examination.findings), ...(history && { history }) }
        : { status };
      return { contentType: JSON_TYPE, body: JSON.stringify(report) };
    }
  }
}

/** `GET /health/ready`: names and states, no messages. */
export function renderReadiness(examination: Examination, options: RenderOptions): Rendered {
  const { status, findings } = examination;
  if (options.format !== 'json') return renderReport(examination, options);
  const checks: Record<string, string> = Object.create(null);
  for (const { name, result } of findings) checks[name] = result.status;
  const body = options.isDetailed ? { status, checks } : { status };
  return { contentType: JSON_TYPE, body: JSON.stringify(body) };
}

export function renderStatus(status: string, format: Format): Rendered {
  if (format === 'text') return { contentType: 'text/plain; charset=utf-8', body: `${status}\n` };
  if (format === 'json') return { contentType: JSON_TYPE, body: JSON.stringify({ status }) };
  const state = status === 'ok' ? 'pass' : 'fail';
  return { contentType: 'application/health+json', body: JSON.stringify({ status: state }) };
}

function renderIetf({ status, findings }: Examination, options: RenderOptions): Rendered {
  const checks: Record<string, unknown> = Object.create(null);
  for (const { name, result } of findings) {
    const { status: state, message, ...rest } = result;
    const output = state === 'up' || message === undefined ? {} : { output: message };
    checks[name] = [{ ...rest, status: IETF_STATE[state], ...output }];
  }
  const body = { status: IETF_STATE[status], ...(options.isDetailed ? { checks } : {}) };
  return { contentType: 'application/health+json', body: JSON.stringify(body) };
}

/** The form of the Kubernetes API server: a line for each check when asked for, or when it fails. */
function renderText({ status, findings }: Examination, options: RenderOptions): Rendered {
  const isPassing = status === 'ok' || status === 'degraded';
  const lines: string[] = [];
  if (options.isDetailed && (options.isVerbose || !isPassing)) {
    for (const { name, result } of findings) lines.push(textLine(name, result));
    for (const name of options.unknownExcluded) {
      lines.push(`warn: some health checks cannot be excluded: no matches for "${name}"`);
    }
  }
  lines.push(
    lines.length === 0 && isPassing ? status : `health check ${isPassing ? 'passed' : 'failed'}`,
  );
  return { contentType: 'text/plain; charset=utf-8', body: `${lines.join('\n')}\n` };
}

function textLine(name: string, result: CheckResult): string {
  if (result.status === 'up') return `[+]${name} ok`;
  if (result.status === 'degraded') return `[+]${name} degraded`;
  return `[-]${name} failed: reason withheld`;
}
