import { expect } from 'chai';
import type { Request } from 'express';
import { isPreflight, targetOf } from '../../../lib/health/http/target.js';

describe('what a request asks for', () => {
  const of = (url: string): string[] => {
    const { endpoint, rest } = targetOf({ url } as Request);
    return [endpoint, ...rest];
  };

  it('is the path below the router, in lower case, without slashes that say nothing', () => {
    expect(of('/')).to.deep.equal(['']);
    expect(of('/Ready/')).to.deep.equal(['ready']);
    expect(of('//ready')).to.deep.equal(['ready']);
    expect(of('/check/DB?x=/y')).to.deep.equal(['check', 'db']);
    expect(of('http://a.example:1/health?x')).to.deep.equal(['health']);
    expect(of('http://a.example')).to.deep.equal(['']);
  });

  it('has the parameters of its query', () => {
    const { params } = targetOf({ url: '/?verbose&exclude=a&exclude=b' } as Request);
    expect([params.has('verbose'), params.getAll('exclude')]).to.deep.equal([true, ['a', 'b']]);
  });

  it('is a preflight with both headers alone', () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
    const asked = (method: string, given: object): boolean =>
      isPreflight({ method, headers: given } as Request);
    expect(asked('OPTIONS', headers)).to.equal(true);
    expect(asked('GET', headers)).to.equal(false);
    expect(asked('OPTIONS', { origin: headers.origin })).to.equal(false);
    expect(asked('OPTIONS', {})).to.equal(false);
  });
});
