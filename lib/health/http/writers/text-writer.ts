import { type Examination, isServing } from '../../checker/checker.js';
import type { Finding } from '../../checker/report.js';
import type { CheckResult } from '../../types.js';
import { trimBody } from './trim-body.js';
import type { View, Writer } from './writer.js';

/** The form of the Kubernetes API server: a line for each check when one is asked for, or when it fails. */
export const textWriter: Writer = {
  contentType: 'text/plain; charset=utf-8',

  render({ status, findings }: Examination, view: View): string {
    const isPassing = isServing(status);
    if (view.isDetailed && (view.isVerbose || !isPassing)) {
      return trimBody(findings, (shown) => linesOf(shown, view, isPassing));
    }
    return isPassing ? `${status}\n` : 'health check failed\n';
  },

  readiness(examination: Examination, view: View): string {
    return textWriter.render(examination, view);
  },

  warming(progress: number): string {
    return `warming: ${progress}\n`;
  },

  word(isGood: boolean, message?: string): string {
    const status = isGood ? 'ok' : 'error';
    return message === undefined ? `${status}\n` : `${status}: ${message}\n`;
  },
};

function linesOf(
  findings: readonly Finding[],
  { unknownExcluded }: View,
  isPassing: boolean,
): string {
  const lines = findings.map(({ name, result }) => lineOf(name, result));
  for (const name of unknownExcluded) {
    lines.push(`warn: some health checks cannot be excluded: no matches for "${name}"`);
  }
  lines.push(`health check ${isPassing ? 'passed' : 'failed'}\n`);
  return lines.join('\n');
}

function lineOf(name: string, result: CheckResult): string {
  if (result.status === 'up') return `[+]${name} ok`;
  if (result.status === 'degraded') return `[+]${name} degraded`;
  return `[-]${name} failed: reason withheld`;
}
