import type { Server } from 'node:http';
import { expect } from 'chai';
import request from 'supertest';
import { type HealthOptions, type HealthRouter, healthRouter } from '../../../lib/index.js';
import { cacheThatIs, degradedCache, down, downCache, up, VERSIONS } from '../support.js';

/** Every state a service can be in, and how to bring it about. */
const STATES: Readonly<Record<string, HealthOptions>> = {
  ok: { database: up, cache: cacheThatIs() },
  'degraded by the cache': { database: up, cache: degradedCache },
  'degraded by a cache that is down': { database: up, cache: downCache },
  'degraded by a check': { database: up, checks: { search: { check: down, critical: false } } },
  'degraded by its database': { database: () => ({ status: 'degraded' }) },
  error: { database: down, cache: cacheThatIs() },
  'error and degraded': { database: down, cache: degradedCache },
  'without a verdict yet': { database: () => new Promise(() => {}), timeout: 20 },
  'without any check': {},
};

/** The codes of each endpoint, in the order of STATES. */
const TABLE: Readonly<Record<string, readonly number[]>> = {
  '/health': [200, 200, 200, 200, 200, 503, 503, 503, 200],
  '/health/ready': [200, 200, 200, 200, 200, 503, 503, 503, 200],
  '/health/live': [200, 200, 200, 200, 200, 200, 200, 200, 200],
  '/health/startup': [200, 200, 200, 200, 200, 503, 503, 503, 200],
  '/health/check/database': [200, 200, 200, 200, 200, 503, 503, 503, 404],
  '/health/readyz': [404, 404, 404, 404, 404, 404, 404, 404, 404],
};

/** As above, once shutdown has begun, whatever the state. */
const SHUTTING_DOWN: Readonly<Record<string, number>> = {
  '/health': 503,
  '/health/ready': 503,
  '/health/live': 200,
  '/health/readyz': 404,
};

const DETAILS: readonly HealthOptions[] = [
  { details: true },
  { details: false },
  { details: 'authorized', authorize: () => true },
  { details: 'authorized', authorize: () => false },
];

for (const [version, newApp] of VERSIONS) {
  describe(`the codes on ${version}`, () => {
    const servers: Server[] = [];

    /** One server for all requests of a test. */
    const mounted = (router: HealthRouter): ReturnType<typeof request> => {
      const server = newApp().use('/health', router).listen(0, '127.0.0.1');
      servers.push(server);
      return request(server);
    };

    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });

    for (const [i, [state, options]] of Object.entries(STATES).entries()) {
      it(`are as the table says when the service is ${state}, for every method`, async () => {
        const agent = mounted(healthRouter(options));
        for (const [path, codes] of Object.entries(TABLE)) {
          for (const method of ['get', 'head', 'options'] as const) {
            const { status } = await agent[method](path);
            expect([method, path, status]).to.deep.equal([method, path, codes[i]]);
          }
          const { status } = await agent.post(path);
          expect([path, status]).to.deep.equal([path, path === '/health/readyz' ? 404 : 405]);
        }
      });

      it(`are 503 for traffic and 200 for liveness when it shuts down, being ${state}`, async () => {
        const router = healthRouter(options);
        const agent = mounted(router);
        router.beginShutdown();
        for (const [path, code] of Object.entries(SHUTTING_DOWN)) {
          for (const method of ['get', 'head', 'options'] as const) {
            const { status } = await agent[method](path);
            expect([method, path, status]).to.deep.equal([method, path, code]);
          }
        }
      });

      it(`are the same with and without details, being ${state}`, async () => {
        for (const who of DETAILS) {
          const agent = mounted(healthRouter({ ...options, ...who }));
          for (const path of ['/health', '/health/ready', '/health/live', '/health/startup']) {
            const { status } = await agent.get(path);
            expect([path, who.details, status]).to.deep.equal([
              path,
              who.details,
              TABLE[path]?.[i],
            ]);
          }
        }
      });
    }

    const configured = { ok: 299, degraded: 429, error: 500, shutting_down: 418 } as const;
    for (const [state, options] of [
      ['ok', { database: up }],
      ['degraded', { database: up, cache: degradedCache }],
      ['error', { database: down }],
      ['shutting_down', { database: up }],
    ] as const) {
      it(`of ${state} can be set for /health alone, and the others stay`, async () => {
        const only = healthRouter({ ...options, statusCodes: { [state]: configured[state] } });
        const others = { ...configured, [state]: undefined };
        const rest = healthRouter({ ...options, statusCodes: others });
        if (state === 'shutting_down') for (const router of [only, rest]) router.beginShutdown();
        const usual = state === 'ok' || state === 'degraded' ? 200 : 503;
        expect((await mounted(only).get('/health')).status).to.equal(configured[state]);
        expect((await mounted(rest).get('/health')).status).to.equal(usual);
        expect((await mounted(only).get('/health/ready')).status).to.equal(usual);
        expect((await mounted(only).get('/health/live')).status).to.equal(200);
      });
    }

    it('of startup stay 200 for ever once it was up', async () => {
      const router = healthRouter({ database: up });
      const agent = mounted(router);
      expect((await agent.get('/health/ready')).status).to.equal(200);
      router.beginShutdown();
      expect((await agent.get('/health/startup')).status).to.equal(200);
    });
  });
}
