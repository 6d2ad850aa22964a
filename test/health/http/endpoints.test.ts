import { once } from 'node:events';
import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import {
  cacheMiddleware,
  createCache,
  type HealthChange,
  healthRouter,
} from '../../../lib/index.js';
import { gate } from '../../support/promises.js';
import { appWith, cacheThatIs, degradedCache, down, downCache, up, VERSIONS } from '../support.js';

for (const [version, newApp] of VERSIONS) {
  describe(`the health endpoints on ${version}`, () => {
    const probe = (options?: Parameters<typeof healthRouter>[0]) =>
      request(newApp().use('/health', healthRouter(options)));

    it('say ok when all is up', async () => {
      const { body, status } = await probe({ database: up, cache: cacheThatIs() }).get('/health');
      const cache = {
        status: 'up',
        connected: true,
        message: 'Redis serves.',
        metrics: { hits: 150, misses: 25, sets: 25, deletes: 3, errors: 0, hitRate: 0.86 },
      };
      expect(status).to.equal(200);
      expect(body).to.deep.equal({
        status: 'ok',
        info: { database: { status: 'up' }, cache },
        error: {},
        details: { database: { status: 'up' }, cache },
      });
    });

    it('say degraded, and stay ready, when the fallback serves', async () => {
      const agent = probe({ database: up, cache: degradedCache });
      const { body, status, headers } = await agent.get('/health');
      expect([status, body.status]).to.deep.equal([200, 'degraded']);
      expect(headers['x-envoy-degraded']).to.equal('true');
      expect(body.error).to.deep.equal({});
      expect(body.details.cache).to.deep.equal({
        status: 'degraded',
        connected: false,
        message: 'Redis is not used. The in-memory fallback serves.',
        metrics: { hits: 150, misses: 25, sets: 25, deletes: 3, errors: 0, hitRate: 0.86 },
        lastError: 'connect ECONNREFUSED 127.0.0.1:6379',
        lastErrorTime: '2026-01-01T00:00:00.500Z',
        degradation: {
          mode: 'degraded',
          reason: 'connection_refused',
          since: '2026-01-01T00:00:00.000Z',
          fallback: { entries: 1, max: 100 },
          journal: { entries: 0, max: 10_000, overflows: 0 },
          nextProbeAt: '2026-01-01T00:00:01.000Z',
        },
      });
      expect((await agent.get('/health/ready')).status).to.equal(200);
    });

    it('say degraded when neither tier can serve: the database still does', async () => {
      const { body, status } = await probe({ database: up, cache: downCache }).get('/health');
      expect([status, body.status, body.error.cache.status]).to.deep.equal([
        200,
        'degraded',
        'down',
      ]);
    });

    it('say error when the database is down', async () => {
      const agent = probe({ database: down, cache: cacheThatIs() });
      const { body, status } = await agent.get('/health');
      expect([status, body.status]).to.deep.equal([503, 'error']);
      expect(body.error).to.deep.equal({
        database: {
          status: 'down',
          code: 'ECONNREFUSED',
          message: 'connect ECONNREFUSED 127.0.0.1:5432',
        },
      });
      expect(Object.keys(body.info)).to.deep.equal(['cache']);
      expect((await agent.get('/health/ready')).status).to.equal(503);
      expect((await agent.get('/health/live')).status).to.equal(200);
    });

    it('keep readiness to what is critical', async () => {
      const checks = { search: { check: down, critical: false } };
      const agent = probe({ database: up, checks });
      const ready = await agent.get('/health/ready');
      expect(ready.body).to.deep.equal({ status: 'ok', checks: { database: 'up' } });
      expect((await agent.get('/health')).body.status).to.equal('degraded');
    });

    it('look at nothing for liveness', async () => {
      let runs = 0;
      const live = await probe({ database: () => runs++ }).get('/health/live');
      expect([live.status, live.body, runs]).to.deep.equal([200, { status: 'ok' }, 0]);
    });

    it('answer without arguments', async () => {
      const { body, status } = await probe().get('/health');
      expect([status, body]).to.deep.equal([
        200,
        { status: 'ok', info: {}, error: {}, details: {} },
      ]);
    });

    it('find the cache of a middleware mounted before', async () => {
      const cache = createCache({ redis: false });
      const app = newApp().use(cacheMiddleware(cache)).use('/health', healthRouter());
      const { body } = await request(app).get('/health');
      expect(body.details.cache).to.include({ status: 'up', connected: false });
    });

    it('take the middleware for the cache', async () => {
      const mw = cacheMiddleware({ redis: false });
      const { body } = await probe({ cache: mw }).get('/health');
      expect(body.details.cache.status).to.equal('up');
    });

    it('answer HEAD like GET without a body', async () => {
      const agent = probe({ database: down });
      const get = await agent.get('/health');
      const head = await agent.head('/health');
      expect(head.status).to.equal(503);
      expect(head.headers['content-length']).to.equal(get.headers['content-length']);
      expect(head.text).to.equal(undefined);
    });

    it('answer OPTIONS with the real status, and a preflight with 204', async () => {
      const agent = probe({ database: down });
      for (const path of ['/health', '/health/ready']) {
        expect((await agent.options(path)).status).to.equal(503);
      }
      const preflight = await agent
        .options('/health')
        .set('Origin', 'https://example.com')
        .set('Access-Control-Request-Method', 'GET');
      expect(preflight.status).to.equal(204);
    });

    it('refuse other methods', async () => {
      for (const method of ['post', 'put', 'delete', 'patch'] as const) {
        const { status, headers } = await probe()[method]('/health');
        expect([status, headers.allow]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
      }
    });

    it('may not be stored by a client or a proxy', async () => {
      const agent = probe({ database: up });
      const { headers } = await agent.get('/health');
      expect(headers['cache-control']).to.equal('no-store');
      expect(headers.etag).to.equal(undefined);
      expect((await agent.get('/health').set('If-None-Match', '*')).status).to.equal(200);
    });

    it('take query strings, trailing slashes and any case', async () => {
      const agent = probe({ database: up });
      for (const path of [
        '/health?x=1',
        '/health/',
        '/health/ready/?source=lb',
        '/health/LIVE',
        '/health?x[]=1',
      ]) {
        const { status, redirects } = await agent.get(path);
        expect([path, status, redirects]).to.deep.equal([path, 200, []]);
      }
    });

    it('end unknown paths below them, also under a catch-all', async () => {
      const app = newApp().use('/health', healthRouter());
      app.use((_req, res) => res.status(200).send('<html>'));
      for (const path of ['/health/readyz', '/health/live/x', '/health/check']) {
        expect((await request(app).get(path)).status).to.equal(404);
      }
    });

    it('leave the rest of the application alone when mounted at its root', async () => {
      const app = newApp().use(healthRouter({ database: up }));
      app.get('/products', (_req, res) => res.send('products'));
      expect((await request(app).get('/products')).text).to.equal('products');
      expect((await request(app).get('/ready')).status).to.equal(200);
    });

    it('work deep, twice and in a sub-application', async () => {
      const inner = newApp().use(healthRouter({ database: down }));
      const app = newApp()
        .use('/a/b/health', healthRouter({ database: up }))
        .use('/health', healthRouter())
        .use('/sub/health', inner);
      expect((await request(app).get('/a/b/health/ready')).status).to.equal(200);
      expect((await request(app).get('/health/ready')).status).to.equal(200);
      expect((await request(app).get('/sub/health/ready')).status).to.equal(503);
    });
  });
}

describe('the health endpoints', () => {
  it('share one ping among concurrent probes', async () => {
    let runs = 0;
    const ping = gate();
    const app = appWith(
      healthRouter({
        database: () => {
          runs++;
          return ping.promise;
        },
      }),
    );
    const server = app.listen(0, '127.0.0.1');
    const probes = Array.from({ length: 50 }, () => request(server).get('/health'));
    const answers = Promise.all(probes);
    setTimeout(() => ping.open(), 100);
    for (const { status } of await answers) expect(status).to.equal(200);
    expect(runs).to.equal(1);
    server.close();
  });

  it('begin with the status, compactly', async () => {
    const { text } = await request(appWith(healthRouter({ database: up }))).get('/health');
    expect(text).to.match(/^\{"status":"ok",/);
    expect(text).not.to.match(/: /);
  });

  it('obey the codes they are given, and readiness does not', async () => {
    const options = { database: up, cache: degradedCache, statusCodes: { degraded: 429 } };
    const agent = request(appWith(healthRouter(options)));
    expect((await agent.get('/health')).status).to.equal(429);
    expect((await agent.get('/health/ready')).status).to.equal(200);
  });

  it('speak application/health+json', async () => {
    const agent = request(appWith(healthRouter({ database: down, cache: degradedCache })));
    const { body, headers, status } = await agent
      .get('/health')
      .set('Accept', 'application/health+json')
      .buffer()
      .parse(asJson);
    expect(status).to.equal(503);
    expect(headers['content-type']).to.equal('application/health+json');
    expect(body.status).to.equal('fail');
    expect(body.checks.database[0]).to.deep.include({
      status: 'fail',
      output: 'connect ECONNREFUSED 127.0.0.1:5432',
    });
    expect(body.checks.cache[0].status).to.equal('warn');
  });

  it('speak like the Kubernetes API server in plain text', async () => {
    const agent = request(appWith(healthRouter({ database: up, cache: degradedCache })));
    const plain = await agent.get('/health').set('Accept', 'text/plain');
    expect(plain.text).to.equal('degraded\n');
    const verbose = await agent
      .get('/health?verbose&exclude=cache&exclude=nobody')
      .set('Accept', 'text/plain');
    expect(verbose.text).to.equal(
      '[+]database ok\nwarn: some health checks cannot be excluded: no matches for "nobody"\nhealth check passed\n',
    );
    const failing = request(appWith(healthRouter({ database: down })));
    const failed = await failing.get('/health/ready').set('Accept', 'text/plain');
    expect(failed.text).to.equal('[-]database failed: reason withheld\nhealth check failed\n');
  });

  it('answer JSON to a client that accepts anything, nothing known, or prefers it', async () => {
    const agent = request(appWith(healthRouter()));
    for (const accept of [
      '*/*',
      'text/html',
      'application/json, text/plain;q=0.9',
      'image/png;q=x',
    ]) {
      const { type } = await agent.get('/health').set('Accept', accept);
      expect([accept, type]).to.deep.equal([accept, 'application/json']);
    }
    const { type } = await agent.get('/health').set('Accept', 'application/json;q=0.5, text/plain');
    expect(type).to.equal('text/plain');
  });

  it('show one check', async () => {
    const agent = request(
      appWith(healthRouter({ database: up, checks: { search: { check: down, critical: false } } })),
    );
    expect((await agent.get('/health/check/database')).status).to.equal(200);
    const search = await agent.get('/health/check/search');
    expect([search.status, Object.keys(search.body.details)]).to.deep.equal([503, ['search']]);
    expect((await agent.get('/health/check/nobody')).status).to.equal(404);
  });

  it('latch startup', async () => {
    let isUp = false;
    const agent = request(appWith(healthRouter({ database: () => isUp, maxAge: 0 })));
    expect((await agent.get('/health/startup')).status).to.equal(503);
    isUp = true;
    expect((await agent.get('/health/startup')).status).to.equal(200);
    isUp = false;
    expect((await agent.get('/health/ready')).status).to.equal(503);
    expect((await agent.get('/health/startup')).status).to.equal(200);
  });

  it('hide details without changing a code', async () => {
    const secret = {
      details: 'authorized',
      authorize: (req: { headers: Record<string, unknown> }) => req.headers['x-key'] === 'k',
    } as const;
    const agent = request(appWith(healthRouter({ database: down, ...secret })));
    const hidden = await agent.get('/health');
    expect([hidden.status, hidden.body]).to.deep.equal([503, { status: 'error' }]);
    expect((await agent.get('/health/ready')).body).to.deep.equal({ status: 'error' });
    expect((await agent.get('/health/check/database')).status).to.equal(404);
    expect((await agent.get('/health?exclude=database')).status).to.equal(503);
    const shown = await agent.get('/health').set('x-key', 'k');
    expect(shown.body.details.database.status).to.equal('down');
    const failing = healthRouter({
      details: 'authorized',
      authorize: () => Promise.reject(new Error('x')),
    });
    expect((await request(appWith(failing)).get('/health')).body).to.deep.equal({ status: 'ok' });
  });

  it('build each body fresh', async () => {
    const a = healthRouter({ database: () => ({ status: 'up', token: 'of a', pool: 1 }) });
    const b = healthRouter({ checks: { other: up } });
    const app = express().use('/a', a).use('/b', b);
    await request(app).get('/a');
    expect((await request(app).get('/b')).body).to.deep.equal({
      status: 'ok',
      info: { other: { status: 'up' } },
      error: {},
      details: { other: { status: 'up' } },
    });
  });

  it('tell of each change once, and remember the last twenty', async () => {
    let isUp = true;
    const health = healthRouter({ database: () => isUp, maxAge: 0 });
    const changes: HealthChange[] = [];
    health.on('change', (change) => changes.push(change));
    const agent = request(appWith(health));
    for (const now of [true, true, false, false, true]) {
      isUp = now;
      await agent.get('/health');
    }
    expect(changes.map(({ name, from, to }) => [name, from, to])).to.deep.equal([
      ['database', 'up', 'down'],
      ['health', 'ok', 'error'],
      ['database', 'down', 'up'],
      ['health', 'error', 'ok'],
    ]);
    const { body } = await agent.get('/health?history');
    expect(body.history).to.have.length(4);
    for (let i = 0; i < 30; i++) {
      isUp = !isUp;
      await agent.get('/health');
    }
    expect((await agent.get('/health?history')).body.history).to.have.length(20);
  });

  it('are not harmed by a listener that throws, and say so without secrets', async () => {
    let isUp = true;
    const health = healthRouter({ database: () => isUp, maxAge: 0 });
    const heard: string[] = [];
    health.on('change', () => {
      throw new Error('cannot tell redis://:hunter2@alerts');
    });
    const stop = health.on('change', ({ name }) => heard.push(name));
    const agent = request(appWith(health));
    await agent.get('/health');
    isUp = false;
    const warned = once(process, 'warning');
    expect((await agent.get('/health')).status).to.equal(503);
    const [warning] = (await warned) as [Error];
    expect(warning.message).to.equal('a health listener threw: cannot tell redis://***@alerts');
    stop();
    isUp = true;
    await agent.get('/health');
    expect(heard).to.deep.equal(['database', 'health']);
    expect(() => health.on('chnage' as 'change', () => {})).to.throw(/the event must be 'change'/);
    expect(() => health.on('change', 1 as never)).to.throw(/the listener must be a function/);
  });

  it('fail readiness at once when shutdown begins, and serve liveness', async () => {
    const health = healthRouter({ database: up, cache: cacheThatIs() });
    const agent = request(appWith(health));
    await agent.get('/health');
    health.beginShutdown();
    const ready = await agent.get('/health/ready');
    expect([ready.status, ready.body.status]).to.deep.equal([503, 'shutting_down']);
    expect(ready.headers.connection).to.equal('close');
    expect((await agent.get('/health')).body.status).to.equal('shutting_down');
    expect((await agent.get('/health/live')).status).to.equal(200);
  });
});

function asJson(res: request.Response, done: (error: Error | null, body: unknown) => void): void {
  let text = '';
  const stream = res as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk) => {
    text += chunk;
  });
  stream.on('end', () => done(null, JSON.parse(text)));
}
