import { expect } from 'chai';
import express, { type Express } from 'express';
import request from 'supertest';
import type { CacheHandle } from '../../lib/cache/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import { cacheMiddleware } from '../../lib/express/cache-middleware.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const ROWS = Array.from({ length: 50 }, (_, id) => ({ id, name: `été ${id}`, price: id / 4 }));

for (const tier of ['Redis', 'memory'] as const) {
  describe(`send, from ${tier}`, () => {
    let redis: RedisServer | undefined;
    let cache: CacheHandle;
    let app: Express;
    let loads: number;

    before(async () => {
      if (tier === 'Redis') redis = await RedisServer.start();
    });

    after(() => redis?.stop());

    beforeEach(async () => {
      await redis?.command('FLUSHALL');
      cache = make({});
      await until(() => cache.status().mode === 'normal', 'it serves');
      loads = 0;
      app = express().use(cacheMiddleware(cache));
      app.get('/rows', (req, res) =>
        req.cache.send(res, 'rows', ({ setTags }) => {
          setTags(['rows']);
          loads++;
          return ROWS;
        }),
      );
    });

    afterEach(() => cache.close());

    function make(options: CacheOptions): CacheHandle {
      return createCache({
        redis: redis?.url ?? false,
        logger: false,
        commandTimeout: '5s',
        ...options,
      });
    }

    it('answers as res.json does, with the length and a tag of the version', async () => {
      app.get('/json', (_req, res) => void res.json(ROWS));
      const json = await request(app).get('/json').expect(200);
      for (let run = 0; run < 3; run++) {
        const sent = await request(app).get('/rows').expect(200);
        expect(sent.text).to.equal(json.text);
        for (const name of ['content-type', 'content-length'])
          expect(sent.headers[name]).to.equal(json.headers[name]);
        expect(sent.headers.etag).to.match(/^"[\w-]{8}[0-9a-z]+"$/);
      }
      expect(loads).to.equal(1);
      const { metrics } = cache.status();
      expect([metrics.hits, metrics.misses]).to.deep.equal([2, 1]);
    });

    it('answers 304 to a client that has this version, and 200 after a change', async () => {
      const etag = String((await request(app).get('/rows')).headers.etag);
      for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const { headers, text } = await request(app)
          .get('/rows')
          .set('If-None-Match', given)
          .expect(304);
        expect(headers.etag).to.equal(etag);
        expect(text).to.equal('');
        expect(headers).to.not.have.any.keys('content-length', 'content-type');
      }
      await request(app).get('/rows').set('If-None-Match', '"other"').expect(200);
      await cache.invalidateTags(['rows']);
      const changed = await request(app).get('/rows').set('If-None-Match', etag).expect(200);
      expect(changed.headers.etag).to.not.equal(etag);
      expect(loads).to.equal(2);
    });

    it('gives values that were set in one moment tags of their own, so that a client of one gets the other', async () => {
      await cache.setMany(
        Object.entries({ 'page:de': { text: 'Tee' }, 'page:en': { text: 'tea' } }),
      );
      app.get('/page', (req, res) =>
        req.cache.send(res, `page:${String(req.get('accept-language'))}`, () => null),
      );
      const ask = (language: string): request.Test =>
        request(app).get('/page').set('Accept-Language', language);
      const { etag } = (await ask('de').expect(200)).headers;
      await ask('en').set('If-None-Match', String(etag)).expect(200, { text: 'tea' });
      await ask('de').set('If-None-Match', String(etag)).expect(304);
    });

    it('answers HEAD with the head alone', async () => {
      const { headers } = await request(app).get('/rows');
      const head = await request(app).head('/rows').expect(200);
      for (const name of ['etag', 'content-length', 'content-type'])
        expect(head.headers[name]).to.equal(headers[name]);
      expect(head.text).to.equal(undefined);
    });

    it('writes what JSON alone does not hold, and says 204 for nothing', async () => {
      const when = new Date(0);
      app.get('/date', (req, res) =>
        req.cache.send(res, 'date', () => ({ when, tags: [1n].length })),
      );
      app.get('/none', (req, res) => req.cache.send(res, 'none', () => undefined));
      app.get('/null', (req, res) => req.cache.send(res, 'null', () => null));
      for (let run = 0; run < 2; run++) {
        const date = await request(app).get('/date').expect(200);
        expect(date.body).to.deep.equal({ when: when.toISOString(), tags: 1 });
        await request(app).get('/none').expect(204);
        expect((await request(app).get('/null').expect(200)).text).to.equal('null');
      }
    });

    it('keeps what the handler has set, and its status', async () => {
      app.get('/own', (req, res) => {
        res.status(201).set('Content-Type', 'application/problem+json').set('ETag', '"mine"');
        return req.cache.send(res, 'own', () => ({ a: 1 }));
      });
      for (let run = 0; run < 2; run++) {
        const sent = await request(app).get('/own').set('If-None-Match', '"mine"').expect(201);
        expect(sent.headers).to.include({ etag: '"mine"' });
        expect(sent.headers['content-type']).to.match(/^application\/problem\+json/);
      }
    });

    it('compares an ETag with a comma in it, and sends no body with a status that has none', async () => {
      for (const etag of ['"a,b"', 'W/"a, b"', 'odd'])
        app.get(`/${encodeURIComponent(etag)}`, (req, res) => {
          res.set('ETag', etag);
          return req.cache.send(res, 'own', () => ({ a: 1 }));
        });
      for (const [etag, given] of [
        ['"a,b"', '"c", "a,b"'],
        ['W/"a, b"', '"a, b"'],
        ['odd', 'odd'],
      ] as const) {
        const path = `/${encodeURIComponent(etag)}`;
        await request(app).get(path).set('If-None-Match', given).expect(304);
        await request(app).get(path).set('If-None-Match', '"a", "b"').expect(200);
      }
      app.get('/empty/:status', (req, res) => {
        res.status(Number(req.params.status));
        return req.cache.send(res, 'own', () => ({ a: 1 }));
      });
      for (const status of [204, 205]) {
        const { text, headers } = await request(app).get(`/empty/${status}`).expect(status);
        expect([text, headers['content-type']]).to.deep.equal(['', undefined]);
      }
    });

    it('passes on the error of a loader, and sends nothing', async () => {
      app.get('/fails', (req, res) => {
        return req.cache.send(res, 'fails', () => Promise.reject(new Error('no database')));
      });
      app.use(((error, _req, res, _next) => {
        res.status(500).json({ error: error.message });
      }) as express.ErrorRequestHandler);
      const { body } = await request(app).get('/fails').expect(500);
      expect(body).to.deep.equal({ error: 'no database' });
    });

    it('takes a lifetime from the loader, and shares its load', async () => {
      app.get('/short', (req, res) =>
        req.cache.send(res, 'short', async ({ setTtl }) => {
          loads++;
          setTtl(0);
          await new Promise((resolve) => setTimeout(resolve, 50));
          return { loads };
        }),
      );
      const all = await Promise.all([1, 2, 3].map(() => request(app).get('/short')));
      expect(all.map(({ body }) => body)).to.deep.equal(Array(3).fill({ loads: 1 }));
      expect((await request(app).get('/short')).body).to.deep.equal({ loads: 2 });
    });

    it('is refused without a response', async () => {
      const sending = cache.send('rows' as never, 'rows' as never, () => 1);
      const message = await sending.then(
        () => 'sent',
        (error: Error) => error.message,
      );
      expect(message).to.match(
        /^the first argument of send\(\) must be the response of a request, got 'rows'/,
      );
    });
  });
}
