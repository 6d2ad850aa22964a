import { expect } from 'chai';
import { classifyError } from '../../../lib/health/checker/failure.js';

describe('a failure', () => {
  const coded = (code: unknown, more: object = {}): Error =>
    Object.assign(new Error('it failed'), { code, ...more });

  it('has a code that holds nothing private', () => {
    for (const code of ['ECONNREFUSED', '28P01', 'ERR_TLS_CERT', 'timeout']) {
      expect(classifyError(coded(code)).code).to.equal(code);
    }
    for (const code of ['redis://:hunter2@h', 42, 'x', '', 'E'.repeat(60)]) {
      expect(classifyError(coded(code)), String(code)).not.to.have.property('code');
    }
  });

  it('has the code of its cause, or of the first of several', () => {
    expect(classifyError(new Error('x', { cause: coded('EPIPE') })).code).to.equal('EPIPE');
    expect(classifyError(new AggregateError([coded('EPIPE')], 'x')).code).to.equal('EPIPE');
  });

  it('is not followed for ever', () => {
    const circle = new Error('round');
    circle.cause = circle;
    expect(classifyError(circle)).to.deep.equal({ status: 'down', message: 'round' });
  });

  it('is redacted', () => {
    expect(classifyError(new Error('password=hunter2')).message).to.equal('password=***');
  });
});
