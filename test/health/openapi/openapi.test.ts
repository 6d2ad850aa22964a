import Ajv2020 from 'ajv/dist/2020.js';
import { expect } from 'chai';
import {
  createCache,
  type HealthOptions,
  type HealthRouter,
  healthOpenApi,
  healthRouter,
} from '../../../lib/index.js';
import { type Answer, WebServer } from '../../support/web-server.js';
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

  // Made once each: to compile the schemas takes longer than the answers do.
  const usual = validatorOf(healthOpenApi());
  const withCodes = validatorOf(healthOpenApi({ statusCodes }));
  const servers: WebServer[] = [];

  async function started(router: HealthRouter): Promise<WebServer> {
    const server = await WebServer.start(appWith(router));
    servers.push(server);
    return server;
  }

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  for (const [when, options] of Object.entries(routers)) {
    for (const isShuttingDown of [false, true]) {
      const end = isShuttingDown ? ', and the service ends' : '';
      it(`describes every answer when ${when}${end}`, async () => {
        const validate = options.statusCodes === undefined ? usual : withCodes;
        const router = healthRouter(options);
        const server = await started(router);
        await server.ask('GET', '/health');
        if (isShuttingDown) router.beginShutdown();
        for (const path of validate.paths) {
          for (const format of FORMATS) {
            const concrete = path.replace('{name}', format === 'text/plain' ? 'cache' : 'database');
            const answer = await server.ask('GET', concrete, { accept: format });
            validate.answer(path, answer);
          }
        }
      });
    }
  }

  it('describes the history, and a real cache', async () => {
    const cache = createCache({ redis: 'redis://127.0.0.1:1', logger: false });
    let isUp = true;
    const server = await started(healthRouter({ database: () => isUp, cache, maxAge: 0 }));
    await cache.get('x');
    for (const now of [true, false, true]) {
      isUp = now;
      const answer = await server.ask('GET', '/health?history');
      usual.answer('/health', answer);
      expect(JSON.parse(answer.text)).to.have.property('history');
    }
    await cache.close();
  });

  it('would notice what it does not describe', () => {
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
      const headers = { 'content-type': 'application/json' };
      const check = (): void =>
        usual.answer(path, { status: 200, headers, text: JSON.stringify(body) });
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
    answer(path: string, { status, headers, text }: Answer): void {
      const response = (fragment.paths[path] as unknown as Operation).get.responses[status];
      const type = headers['content-type']?.split(';')[0] ?? '';
      const schema = response?.content[type]?.schema;
      expect(schema, `${path} ${status} ${type}`).not.to.equal(undefined);
      const ref = schema?.$ref?.replace('#', 'api#');
      if (ref === undefined) return;
      const validate = ajv.getSchema(ref) ?? expect.fail(`there is no ${ref}`);
      const isValid = validate(JSON.parse(text));
      expect(isValid, `${path} ${text}: ${ajv.errorsText(validate.errors)}`).to.equal(true);
    },
  };
}
