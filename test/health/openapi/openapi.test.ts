import Ajv2020 from 'ajv/dist/2020.js';
import { expect } from 'chai';
import request from 'supertest';
import {
  createCache,
  type HealthOptions,
  healthOpenApi,
  healthRouter,
} from '../../../lib/index.js';
import { appWith, cacheThatIs, degradedCache, down, downCache, up } from '../support.js';

interface Operation {
  readonly get: { readonly responses: Readonly<Record<string, Response>> };
}

interface Response {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
}

const FORMATS = ['application/json', 'application/health+json', 'text/plain'] as const;
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('the OpenAPI fragment', () => {
  const statusCodes = { degraded: 429 } as const;
  const broken = {
    status: () => {
      throw new Error('broken');
    },
  };
  const crowd = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`check${i}`, up]));
  const talkative = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `check${i}`,
      () => ({ status: 'up', a: 'b'.repeat(999), c: Array(8).fill('d'.repeat(100)) }),
    ]),
  );

  const routers: Readonly<Record<string, HealthOptions>> = {
    'all is up': { database: up, cache: cacheThatIs() },
    'the fallback serves': { database: up, cache: degradedCache },
    'the fallback serves, as a code of its own': {
      database: up,
      cache: degradedCache,
      statusCodes,
    },
    'no tier serves': { database: up, cache: downCache },
    'there is no memory tier': {
      cache: cacheThatIs({ mode: 'database-only', status: 'down', memory: null }),
    },
    'the database is down': { database: down, cache: cacheThatIs() },
    'the database says much': { database: () => ({ status: 'degraded', pool: { idle: 1 } }) },
    'the cache cannot be read': { database: up, cache: broken },
    'details are hidden': { database: down, details: false },
    'the report is trimmed': { database: up, checks: crowd, cache: degradedCache },
    'the report has lost its details': { database: up, checks: talkative, cache: degradedCache },
    'there is nothing to check': {},
  };

  const usual = validatorOf(healthOpenApi());

  for (const [when, options] of Object.entries(routers)) {
    for (const isShuttingDown of [false, true]) {
      const end = isShuttingDown ? ', and the service ends' : '';
      it(`describes every answer when ${when}${end}`, async () => {
        const { statusCodes: codes } = options;
        const validate = codes === undefined ? usual : validatorOf(healthOpenApi({ statusCodes }));
        const router = healthRouter(options);
        const agent = request(appWith(router));
        await agent.get('/health');
        if (isShuttingDown) router.beginShutdown();
        for (const path of validate.paths) {
          for (const format of FORMATS) {
            const concrete = path.replace('{name}', format === 'text/plain' ? 'cache' : 'database');
            const { status, text, headers } = await agent
              .get(concrete)
              .set('Accept', format)
              .buffer(true)
              .parse(asText);
            validate.answer(path, status, headers['content-type'] ?? '', text);
          }
        }
      });
    }
  }

  it('describes the history, and a real cache', async () => {
    const cache = createCache({ redis: 'redis://127.0.0.1:1', logger: false });
    let isUp = true;
    const agent = request(appWith(healthRouter({ database: () => isUp, cache, maxAge: 0 })));
    const validate = validatorOf(healthOpenApi());
    await cache.get('x');
    for (const now of [true, false, true]) {
      isUp = now;
      const { text, status } = await agent.get('/health?history');
      validate.answer('/health', status, 'application/json', text);
      expect(JSON.parse(text)).to.have.property('history');
    }
    await cache.close();
  });

  it('would notice what it does not describe', () => {
    const validate = validatorOf(healthOpenApi());
    const wrong: readonly (readonly [string, unknown])[] = [
      ['/health', {}],
      ['/health', { status: 'fine' }],
      ['/health', { status: 'ok', details: {} }],
      ['/health', { status: 'ok', extra: 1 }],
      ['/health', { status: 'ok', info: {}, error: {}, details: { database: {} } }],
      [
        '/health',
        {
          status: 'ok',
          info: {},
          error: {},
          details: { cache: { status: 'up', connected: true } },
        },
      ],
      ['/health/ready', { status: 'ok', checks: { database: 'fine' } }],
      ['/health/live', { status: 'ok', checks: {} }],
    ];
    for (const [path, body] of wrong) {
      const check = (): void =>
        validate.answer(path, 200, 'application/json', JSON.stringify(body));
      expect(check, JSON.stringify(body)).to.throw();
    }
  });

  it('follows where the router is mounted, and its codes', () => {
    expect(Object.keys(healthOpenApi({ basePath: '/status/' }).paths)).to.deep.equal([
      '/status',
      '/status/live',
      '/status/ready',
      '/status/startup',
      '/status/check/{name}',
    ]);
    expect(Object.keys(healthOpenApi({ basePath: '/' }).paths)[0]).to.equal('/');
    const { responses } = (healthOpenApi({ statusCodes }).paths['/health'] as unknown as Operation)
      .get;
    const described = Object.entries(responses).map(([code, { description }]) => [
      code,
      description,
    ]);
    expect(described).to.deep.equal([
      ['200', 'ok'],
      ['429', 'degraded'],
      ['503', 'error, shutting_down'],
    ]);
    expect(() => healthOpenApi({ basepath: '/x' } as object)).to.throw(/Did you mean 'basePath'/);
  });
});

/** Holds answers against a fragment. */
function validatorOf(fragment: ReturnType<typeof healthOpenApi>) {
  const ajv = new Ajv2020({ strict: false });
  ajv.addFormat('date-time', ISO_8601);
  ajv.addSchema({ $id: 'api', ...fragment });
  return {
    paths: Object.keys(fragment.paths),
    answer(path: string, status: number, contentType: string, text: string): void {
      const response = (fragment.paths[path] as unknown as Operation).get.responses[status];
      const type = contentType.split(';')[0] ?? '';
      const schema = response?.content[type]?.schema;
      expect(schema, `${path} ${status} ${type}`).not.to.equal(undefined);
      const ref = schema?.$ref?.replace('#', 'api#');
      if (ref === undefined) return;
      // Compiled once for all answers: compiling takes longer than the answers do.
      const validate = ajv.getSchema(ref) ?? expect.fail(`there is no ${ref}`);
      const isValid = validate(JSON.parse(text));
      expect(isValid, `${path} ${text}: ${ajv.errorsText(validate.errors)}`).to.equal(true);
    },
  };
}

function asText(res: request.Response, done: (error: Error | null, body: unknown) => void): void {
  let text = '';
  const stream = res as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk) => {
    text += chunk;
  });
  stream.on('end', () => {
    res.text = text;
    done(null, text);
  });
}
