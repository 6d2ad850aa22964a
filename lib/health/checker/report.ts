import type { CheckResult, CheckState, HealthReport, HealthState } from '../types.js';

/** One check's result and how much it weighs. */
export interface Finding {
  readonly name: string;
  readonly critical: boolean;
  readonly result: CheckResult;
}

/** The part of a finding that decides. */
interface Weighed {
  readonly critical: boolean;
  readonly result: { readonly status: CheckState };
}

/**
 * The most severe status: shutting_down; error, when a critical check is down; degraded, when a check is degraded
 * or one that is not critical is down; otherwise ok. The order of the findings does not matter.
 */
export function overallState(isShuttingDown: boolean, findings: readonly Weighed[]): HealthState {
  if (isShuttingDown) return 'shutting_down';
  if (findings.some(({ critical, result }) => critical && result.status === 'down')) return 'error';
  return findings.some(({ result }) => result.status !== 'up') ? 'degraded' : 'ok';
}

/** A new report. It shares no object with another. */
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

/** It has no prototype, so no name of a check means anything else. */
function emptyRecord(): Record<string, CheckResult> {
  return Object.create(null);
}
