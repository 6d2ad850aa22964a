import { expect } from 'chai';
import type { Finding } from '../../../../lib/health/checker/report.js';
import { trimBody } from '../../../../lib/health/http/writers/trim-body.js';

describe('a body that is too long', () => {
  const finding = (name: string, size: number): Finding => ({
    name,
    critical: false,
    result: { status: 'down', code: 'E', message: 'm'.repeat(size), detail: 'd'.repeat(size) },
  });
  const build = (findings: readonly Finding[], isTrimmed: boolean): string =>
    JSON.stringify({
      findings: findings.map(({ name, result }) => ({ name, ...result })),
      isTrimmed,
    });
  const trimmed = (...findings: Finding[]): { findings: object[]; isTrimmed: boolean } =>
    JSON.parse(trimBody(findings, build));

  it('stays as it is when it fits', () => {
    expect(trimmed(finding('a', 10)).isTrimmed).to.equal(false);
  });

  it('loses the details of the checks first, and not those of the cache', () => {
    const { findings, isTrimmed } = trimmed(finding('a', 5_000), finding('cache', 10));
    expect(isTrimmed).to.equal(true);
    expect(findings.map((shown) => Object.keys(shown))).to.deep.equal([
      ['name', 'status', 'code', 'message'],
      ['name', 'status', 'code', 'message', 'detail'],
    ]);
  });

  it('loses the messages next, then the checks', () => {
    const { findings } = trimmed(finding('a', 9_000), finding('cache', 10));
    expect(findings).to.deep.equal([
      { name: 'a', status: 'down' },
      { name: 'cache', status: 'down' },
    ]);
    const crowd = Array.from({ length: 500 }, (_, i) => finding(`check-${i}`, 10));
    expect(trimmed(...crowd)).to.deep.equal({ findings: [], isTrimmed: true });
  });
});
