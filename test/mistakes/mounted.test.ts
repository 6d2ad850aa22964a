import { expect } from 'chai';
import express5, { type Express, type RequestHandler } from 'express';
import request from 'supertest';
import { cacheMiddleware, type HealthOptions, healthRouter } from '../../lib/index.js';
import { processWarningsOf } from './kit.js';

const express4 = require('express4') as typeof express5;
const database = (): Promise<boolean> => Promise.resolve(true);

/** The error that a request meets, as text. */
function appWith(express: typeof express5, mount: (app: Express) => unknown): Express {
  const app = express();
  mount(app);
  app.get('/', (_req, res) => void res.send('home'));
  app.use(((error, _req, res, _next) => {
    res.status(500).send((error as Error).message);
  }) as express5.ErrorRequestHandler);
  return app;
}

for (const [name, express, all] of [
  ['Express 4', express4, '/health*'],
  ['Express 5', express5, '/health{/*rest}'],
] as const) {
  describe(`a function that was mounted without a call, on ${name}`, () => {
    for (const [usage, made] of [
      ['app.use(cacheMiddleware())', cacheMiddleware],
      ["app.use('/health', healthRouter())", healthRouter],
    ] as const) {
      it(`says in each answer: ${usage}`, async () => {
        const app = appWith(express, (it) => it.use(made as unknown as RequestHandler));
        const { status, text } = await request(app).get('/health');
        expect(status).to.equal(500);
        expect(text).to.match(/was passed to Express without a call/);
        expect(text).to.include(`Write ${usage}, with the parentheses. See express-cache-health/`);
      });
    }
  });

  describe(`a health router as a route, on ${name}`, () => {
    type Mount = (app: Express, health: RequestHandler) => unknown;
    const MOUNTS: readonly (readonly [string, Mount, string, boolean])[] = [
      ["app.get('/health')", (app, health) => app.get('/health', health), '/health', false],
      ["app.all('/health')", (app, health) => app.all('/health', health), '/health', false],
      [`app.get('${all}')`, (app, health) => app.get(all, health), '/health', true],
      ['app.get(RegExp)', (app, health) => app.get(/^\/health/, health), '/health', true],
      ["app.get(['/a', '/b'])", (app, health) => app.get(['/a', '/b'], health), '/b', false],
      ['app.route()', (app, health) => app.route('/health').get(health), '/health', false],
      ['a deep path', (app, health) => app.get('/api/v1/health', health), '/api/v1/health', false],
      [
        "router.get('/status') below a path",
        (app, health) => app.use('/api', express.Router().get('/status', health)),
        '/api/status',
        false,
      ],
      [
        'a handler that a tracer wrapped',
        (app, health) => app.get('/health', wrapped(health)),
        '/health',
        false,
      ],
    ];
    for (const [how, mount, path, isDeep] of MOUNTS) {
      it(`answers: ${how}, with one warning`, async () => {
        const warnings = await processWarningsOf(async () => {
          const app = appWith(express, (it) => mount(it, healthRouter({ database })));
          const { status, body } = await request(app).get(path);
          expect(status).to.equal(200);
          expect(body.details).to.have.property('database');
          await request(app).head(path).expect(200);
          await request(app).get('/').expect(200, 'home');
          if (!isDeep) return;
          expect((await request(app).get(`${path}/live?x=1`)).body).to.deep.equal({ status: 'ok' });
          await request(app).get(`${path}/check/database`).expect(200);
        });
        expect(warnings).to.have.length(1);
        expect(warnings[0]).to.match(
          /Write app\.use\('\/health', healthRouter\(\)\)\. See .*#a-health-router-as-a-route$/,
        );
      });
    }

    it('answers each endpoint that has a route of its own', async () => {
      await processWarningsOf(async () => {
        const health = healthRouter({ database: () => Promise.reject(new Error('away')) });
        const app = appWith(express, (it) => {
          it.get('/health/live', health);
          it.get('/ready', health);
          it.get('/health/check/:name', health);
        });
        expect((await request(app).get('/health/live')).status).to.equal(200);
        expect((await request(app).get('/ready')).status).to.equal(503);
        expect((await request(app).get('/health/check/database')).status).to.equal(503);
      });
    });

    it('does not answer what its route does not name, and leaves other routes alone', async () => {
      await processWarningsOf(async () => {
        const app = appWith(express, (it) => {
          it.get(/^\/products/, (_req, _res, next) => next());
          it.get(all, healthRouter({ database }));
          it.use('/other', healthRouter({ database }));
          it.get('/products/live', (_req, res) => void res.send('a product'));
        });
        expect((await request(app).get('/health/readyz')).status).to.equal(404);
        expect((await request(app).get('/products/live')).text).to.equal('a product');
        expect((await request(app).get('/other/live')).status).to.equal(200);
        expect((await request(app).get('/other/livez')).status).to.equal(404);
      });
    });
  });

  describe(`a health router without a path, on ${name}`, () => {
    it('answers at /health and below, with one warning, and leaves the home page alone', async () => {
      const warnings = await processWarningsOf(async () => {
        const app = appWith(express, (it) => it.use(healthRouter({ database })));
        const { status, body } = await request(app).get('/health');
        expect(status).to.equal(200);
        expect(body.details).to.have.property('database');
        expect((await request(app).get('/HEALTH/ready?a=1')).status).to.equal(200);
        expect((await request(app).get('/health/check/database')).status).to.equal(200);
        expect((await request(app).get('/health/readyz')).status).to.equal(404);
        expect((await request(app).get('/healthy')).status).to.equal(404);
        expect((await request(app).get('/')).text).to.equal('home');
      });
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(/#a-health-router-without-a-path$/);
    });
  });
}

describe('a critical check that waits for nothing', () => {
  async function warningsOf(options: HealthOptions): Promise<string[]> {
    return processWarningsOf(async () => {
      const app = express5().use('/health', healthRouter({ maxAge: 0, ...options }));
      for (let i = 0; i < 3; i++)
        expect((await request(app).get('/health/ready')).status).to.equal(200);
    });
  }

  const IDLE: readonly (readonly [string, () => unknown])[] = [
    ['no return', () => void database()],
    ['async without await', async () => void database()],
  ];
  for (const [how, check] of IDLE) {
    it(`is up, and warned of once: ${how}`, async () => {
      const warnings = await warningsOf({ database: check });
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(/^the check 'database' returned undefined at once/);
      expect(warnings[0]).to.match(/#a-check-that-waits-for-nothing$/);
    });
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const BUSY: readonly (readonly [string, HealthOptions])[] = [
    ['it waits, then returns undefined', { database: async () => void (await turn()) }],
    ['it returns the promise', { database: turn }],
    ['it returns true', { database: () => true }],
    ['it is not critical', { checks: { a: { check: () => undefined, critical: false } } }],
  ];
  for (const [how, options] of BUSY) {
    it(`is not warned of where ${how}`, async () => {
      expect(await warningsOf(options)).to.deep.equal([]);
    });
  }
});

/** As tracers wrap: another function with the same properties. */
function wrapped(handler: RequestHandler): RequestHandler {
  const outer: RequestHandler = (req, res, next) => handler(req, res, next);
  return Object.assign(outer, handler);
}
