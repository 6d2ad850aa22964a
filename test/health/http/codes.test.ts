import { expect } from 'chai';
import { type HealthOptions, type HealthRouter, healthRouter } from '../../../lib/index.js';
import { WebServer } from '../../support/web-server.js';
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

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

const DETAILS: readonly HealthOptions[] = [
  { details: true },
  { details: false },
  { details: 'authorized', authorize: () => true },
  { details: 'authorized', authorize: () => false },
];

for (const [version, newApp] of VERSIONS) {
  describe(`the codes on ${version}`, () => {
    const servers: WebServer[] = [];

    /** One server for all requests of a test: asks it for the code of a path. */
    const mounted = async (router: HealthRouter) => {
      const server = await WebServer.start(newApp().use('/health', router));
      servers.push(server);
      return async (path: string, method = 'GET') => (await server.ask(method, path)).status;
    };

    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });

    for (const [i, [state, options]] of Object.entries(STATES).entries()) {
      it(`are as the table says when the service is ${state}, for every method`, async () => {
        const codeOf = await mounted(healthRouter(options));
        for (const [path, codes] of Object.entries(TABLE)) {
          for (const method of METHODS) {
            const code = await codeOf(path, method);
            expect([method, path, code]).to.deep.equal([method, path, codes[i]]);
          }
          const refusal = path === '/health/readyz' ? 404 : 405;
          expect([path, await codeOf(path, 'POST')]).to.deep.equal([path, refusal]);
        }
      });

      it(`are 503 for traffic and 200 for liveness when it shuts down, being ${state}`, async () => {
        const router = healthRouter(options);
        const codeOf = await mounted(router);
        router.beginShutdown();
        for (const [path, code] of Object.entries(SHUTTING_DOWN)) {
          for (const method of METHODS) {
            expect([method, path, await codeOf(path, method)]).to.deep.equal([method, path, code]);
          }
        }
      });

      it(`are the same with and without details, being ${state}`, async () => {
        for (const who of DETAILS) {
          const codeOf = await mounted(healthRouter({ ...options, ...who }));
          for (const path of ['/health', '/health/ready', '/health/live', '/health/startup']) {
            const found = [path, who.details, await codeOf(path)];
            expect(found).to.deep.equal([path, who.details, TABLE[path]?.[i]]);
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
        const codeOf = await mounted(only);
        expect(await codeOf('/health')).to.equal(configured[state]);
        expect(await (await mounted(rest))('/health')).to.equal(usual);
        expect(await codeOf('/health/ready')).to.equal(usual);
        expect(await codeOf('/health/live')).to.equal(200);
      });
    }

    it('of startup stay 200 for ever once it was up', async () => {
      const router = healthRouter({ database: up });
      const codeOf = await mounted(router);
      expect(await codeOf('/health/ready')).to.equal(200);
      router.beginShutdown();
      expect(await codeOf('/health/startup')).to.equal(200);
    });
  });
}
