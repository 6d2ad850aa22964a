import Ajv2020 from 'ajv/dist/2020.js';
import { expect } from 'chai';
import request from 'supertest';
import { healthOpenApi, healthRouter } from '../../lib/index.js';
import { appWith, cacheThatIs, degradedCache, down, downCache, up } from './support.js';

interface Operation {
  readonly get: {
    readonly responses: Readonly<
      Record<
        string,
        {
          readonly content: {
            readonly 'application/json': { readonly schema: { readonly $ref: string } };
          };
        }
      >
    >;
  };
}

describe('the OpenAPI fragment', () => {
  const fragment = healthOpenApi();
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', ...fragment });

  const routers = {
    'all is up': () => healthRouter({ database: up, cache: cacheThatIs() }),
    'the fallback serves': () => healthRouter({ database: up, cache: degradedCache }),
    'no tier serves': () => healthRouter({ database: up, cache: downCache }),
    'the database is down': () => healthRouter({ database: down, cache: cacheThatIs() }),
    'details are hidden': () => healthRouter({ database: down, details: false }),
    'there is nothing to check': () => healthRouter(),
  };
  for (const [when, make] of Object.entries(routers)) {
    it(`describes every answer when ${when}`, async () => {
      const agent = request(appWith(make()));
      for (const [path, described] of Object.entries(fragment.paths)) {
        const { status, body } = await agent.get(path);
        const response = (described as unknown as Operation).get.responses[status];
        expect(response, `${path} ${status}`).not.to.equal(undefined);
        const ref = response?.content['application/json'].schema.$ref.replace('#', 'api#');
        expect(ajv.validate({ $ref: ref }, body), ajv.errorsText()).to.equal(true);
      }
    });
  }

  it('follows where the router is mounted', () => {
    expect(Object.keys(healthOpenApi({ basePath: '/status/' }).paths)).to.deep.equal([
      '/status',
      '/status/live',
      '/status/ready',
      '/status/startup',
    ]);
    expect(Object.keys(healthOpenApi({ basePath: '/' }).paths)[0]).to.equal('/');
  });
});
