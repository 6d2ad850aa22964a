import { expect } from 'chai';
import { buildReport, overallState } from '../../../lib/health/checker/report.js';
import type { CheckState } from '../../../lib/health/types.js';

const STATES: readonly CheckState[] = ['up', 'degraded', 'down'];

describe('the overall status', () => {
  for (const critical of STATES) {
    for (const other of STATES) {
      const expected =
        critical === 'down' ? 'error' : critical === 'up' && other === 'up' ? 'ok' : 'degraded';
      it(`is ${expected} with a critical check ${critical} and another one ${other}, in any order`, () => {
        const findings = [
          { critical: true, result: { status: critical } },
          { critical: false, result: { status: other } },
        ];
        expect(overallState(false, findings)).to.equal(expected);
        expect(overallState(false, [...findings].reverse())).to.equal(expected);
        expect(overallState(true, findings)).to.equal('shutting_down');
      });
    }
  }

  it('is ok without checks', () => {
    expect(overallState(false, [])).to.equal('ok');
  });
});

describe('a report', () => {
  it('holds in info what is up or degraded, in error what is down, in details all of it in order', () => {
    const findings = STATES.map((status) => ({
      name: `is-${status}`,
      critical: false,
      result: { status },
    }));
    const report = buildReport('degraded', findings);
    expect(Object.keys(report)).to.deep.equal(['status', 'info', 'error', 'details']);
    expect(Object.keys(report.info)).to.deep.equal(['is-up', 'is-degraded']);
    expect(Object.keys(report.error)).to.deep.equal(['is-down']);
    expect(Object.keys(report.details)).to.deep.equal(['is-up', 'is-degraded', 'is-down']);
  });
});
