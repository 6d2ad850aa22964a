import type { CheckResult, CheckState, HealthReport, HealthState } from './types.js';

/** One check's result and how much it weighs. */
export interface Finding {
  readonly name: string;
  readonly critical: boolean;
  readonly result: CheckResult;
}

/**
 * The worst that is true: shutting down; a critical check is down; a check is degraded, or one that is not
 * critical is down; else ok. The order of the findings does not matter.
 */
export function overallState(
  isShuttingDown: boolean,
  findings: readonly { readonly critical: boolean; readonly state: CheckState }[],
): HealthState {
  if (isShuttingDown) return 'shutting_down';
  if (findings.some(({ critical, state }) => critical && state === 'down')) return 'error';
  return findings.some(({ state }) => state !== 'up') ? 'degraded' : 'ok';
}

/** A report, built fresh: no object of it is shared with another. */
export function buildReport(status: HealthState, findings: readonly Finding[]): HealthReport {
  const info = emptyRecord();
  const error = emptyRecord();
  const details = emptyRecord();
  for (const { name, result } of findings) {
    (result.status === 'down' ? error : info)[name] = result;
    details[name] = result;
  }
  return { status, info, error, details };
}

/** Without a prototype, so that no name of a check means anything else. */
function emptyRecord(): Record<string, CheckResult> {
  return Object.create(null);
}
