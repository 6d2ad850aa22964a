import type { Examination } from '../../checker/checker.js';
import { buildReport } from '../../checker/report.js';
import { trimBody } from './trim-body.js';
import type { View, Writer } from './writer.js';

/** Our own form. The status comes first, because some clients read the beginning only. */
export const jsonWriter: Writer = {
  contentType: 'application/json; charset=utf-8',

  render({ status, findings }: Examination, { isDetailed, history }: View): string {
    if (!isDetailed) return JSON.stringify({ status });
    return trimBody(findings, (shown, isTrimmed) => {
      const report = buildReport(status, shown);
      if (isTrimmed) return JSON.stringify({ ...report, trimmed: true });
      return JSON.stringify(history === undefined ? report : { ...report, history });
    });
  },

  /** Names and states, no messages. */
  readiness({ status, findings }: Examination, { isDetailed }: View): string {
    if (!isDetailed) return JSON.stringify({ status });
    return trimBody(findings, (shown) => {
      const checks: Record<string, string> = Object.create(null);
      for (const { name, result } of shown) checks[name] = result.status;
      return JSON.stringify({ status, checks });
    });
  },

  warming(progress: number): string {
    return JSON.stringify({ status: 'warming', progress });
  },

  word(isGood: boolean, message?: string): string {
    const status = isGood ? 'ok' : 'error';
    return JSON.stringify(message === undefined ? { status } : { status, message });
  },
};
