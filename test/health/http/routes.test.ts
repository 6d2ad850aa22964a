import { expect } from 'chai';
import { problem, ROUTES } from '../../../lib/health/http/routes.js';
import { healthOpenApi } from '../../../lib/health/openapi/openapi.js';

describe('the routes', () => {
  it('are those of the OpenAPI fragment', () => {
    const paths = [...ROUTES].map(([path, { isNamed }]) =>
      ['/health', path, isNamed ? '{name}' : ''].filter(Boolean).join('/'),
    );
    expect(paths.toSorted()).to.deep.equal(Object.keys(healthOpenApi().paths).toSorted());
  });

  it('do not include what every object has', () => {
    expect(ROUTES.get('constructor')).to.equal(undefined);
  });

  it('have one form for what is not about health', () => {
    expect(problem(404, 'no such check').body).to.equal(
      '{"status":"error","message":"no such check"}',
    );
    expect(problem(503).body).to.equal('{"status":"error"}');
  });
});
