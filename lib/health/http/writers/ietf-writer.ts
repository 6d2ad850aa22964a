import type { Examination } from '../../checker/checker.js';
import type { Finding } from '../../checker/report.js';
import type { CheckState, HealthState } from '../../types.js';
import { trimBody } from './trim-body.js';
import type { View, Writer } from './writer.js';

/** The words of draft-inadarei-api-health-check-06. */
const STATES: Readonly<Record<HealthState | CheckState, string>> = {
  ok: 'pass',
  up: 'pass',
  degraded: 'warn',
  error: 'fail',
  down: 'fail',
  shutting_down: 'fail',
};

/** The form of draft-inadarei-api-health-check-06. */
export const ietfWriter: Writer = {
  contentType: 'application/health+json',

  render({ status, findings }: Examination, { isDetailed }: View): string {
    const state = STATES[status];
    if (!isDetailed) return JSON.stringify({ status: state });
    return trimBody(findings, (shown) =>
      JSON.stringify({ status: state, checks: checksOf(shown) }),
    );
  },

  readiness(examination: Examination, view: View): string {
    return ietfWriter.render(examination, view);
  },

  warming(progress: number): string {
    return JSON.stringify({ status: 'fail', output: 'warming', progress });
  },

  word(isGood: boolean, message?: string): string {
    const status = isGood ? 'pass' : 'fail';
    return JSON.stringify(message === undefined ? { status } : { status, output: message });
  },
};

function checksOf(findings: readonly Finding[]): Record<string, unknown> {
  const checks: Record<string, unknown> = Object.create(null);
  for (const { name, result } of findings) {
    const { status: state, message, ...rest } = result;
    const output = state === 'up' || message === undefined ? {} : { output: message };
    checks[name] = [{ ...rest, status: STATES[state], ...output }];
  }
  return checks;
}
