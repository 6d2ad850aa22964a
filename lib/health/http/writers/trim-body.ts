import type { Finding } from '../../checker/report.js';
import type { CheckResult } from '../../types.js';

/** A kubelet reads 10 KiB of a body, Consul keeps 4 KiB. */
const MAX_BODY = 8_192;

/** The parts that may be left out, the most useful last. */
const TRIMS: readonly ((finding: Finding) => CheckResult)[] = [
  ({ name, result }) => (name === 'cache' ? result : withoutDetails(result)),
  ({ result }) => ({ status: result.status }),
];

/**
 * A body of at most 8 KiB. What does not fit is built again without the details of the checks, then without
 * their messages, then without the checks. `build` is given the findings to show.
 */
export function trimBody(
  findings: readonly Finding[],
  build: (findings: readonly Finding[], isTrimmed: boolean) => string,
): string {
  const whole = build(findings, false);
  if (isFitting(whole)) return whole;
  for (const trim of TRIMS) {
    const trimmed = findings.map((finding) => ({ ...finding, result: trim(finding) }));
    const body = build(trimmed, true);
    if (isFitting(body)) return body;
  }
  return build([], true);
}

function isFitting(body: string): boolean {
  return Buffer.byteLength(body) <= MAX_BODY;
}

function withoutDetails({ status, message, code }: CheckResult): CheckResult {
  return {
    status,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
  };
}
