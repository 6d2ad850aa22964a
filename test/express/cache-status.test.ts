import { expect } from 'chai';
import express5, { type Request, type RequestHandler } from 'express';
import request from 'supertest';
import type { Cache } from '../../lib/api/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { CACHE_METHODS } from '../../lib/core/is-cache.js';
import { cacheMiddleware } from '../../lib/express/cache-middleware.js';

const express4 = require('express4') as typeof express5;
const OPTIONS = { redis: false, logger: false } as const;

for (const [name, express] of [
  ['Express 4', express4],
  ['Express 5', express5],
] as const) {
  describe(`Cache-Status on ${name}`, () => {
    /** The header of each of these requests, the first one of a cache that is empty. */
    async function headersOf(
      use: (req: Request) => unknown,
      requests = 2,
      middleware: RequestHandler = cacheMiddleware({ ...OPTIONS, cacheStatus: true }),
    ): Promise<(string | undefined)[]> {
      const app = express().use(middleware);
      app.get('/', (req, res, next) => {
        Promise.resolve(use(req)).then(() => res.json('done'), next);
      });
      const seen: (string | undefined)[] = [];
      for (let i = 0; i < requests; i++) {
        const { headers } = await request(app).get('/').expect(200);
        seen.push(headers['cache-status']);
      }
      return seen;
    }

    it('says that a value was loaded, then that the cache had it, and where', async () => {
      expect(await headersOf((req) => req.cache.getOrSet('a', () => 1))).to.deep.equal([
        'express-cache-health; fwd=miss',
        'express-cache-health; hit; detail=memory',
      ]);
    });

    it('is one member for all lookups of the request; one miss makes it a miss', async () => {
      const use = async ({ cache }: Request): Promise<void> => {
        await cache.getOrSet('a', () => 1);
        await cache.getMany(['a', 'missing']);
      };
      expect(await headersOf(use)).to.deep.equal([
        'express-cache-health; fwd=miss; detail="1 memory, 2 miss"',
        'express-cache-health; fwd=miss; detail="2 memory, 1 miss"',
      ]);
    });

    it('says that a stale value served', async () => {
      const cache = createCache({ ...OPTIONS, ttl: '1ms', grace: '1h', softTimeout: 0 });
      await cache.set('a', 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const load = (): Promise<number> => new Promise(() => {});
      const [header] = await headersOf(
        (req) => req.cache.getOrSet('a', load),
        1,
        cacheMiddleware(cache, { cacheStatus: true }),
      );
      expect(header).to.equal('express-cache-health; fwd=stale; detail=memory');
      await cache.close();
    });

    it('is absent where the handler did not use the cache, and by default', async () => {
      expect(await headersOf(() => undefined, 1)).to.deep.equal([undefined]);
      const use = (req: Request): unknown => req.cache.getOrSet('a', () => 1);
      expect(await headersOf(use, 1, cacheMiddleware(OPTIONS))).to.deep.equal([undefined]);
      const off = cacheMiddleware({ ...OPTIONS, cacheStatus: undefined });
      expect(await headersOf(use, 1, off)).to.deep.equal([undefined]);
    });

    it('does not count what other requests look up at the same time', async () => {
      const middleware = cacheMiddleware({ ...OPTIONS, cacheStatus: true });
      const use = async ({ cache }: Request): Promise<void> => {
        await middleware.cache.get('missing');
        await cache.getOrSet('a', () => 1);
      };
      expect((await headersOf(use, 2, middleware))[1]).to.equal(
        'express-cache-health; hit; detail=memory',
      );
    });

    it('follows the members of other caches, and is there once if it is mounted twice', async () => {
      const cache = createCache(OPTIONS);
      const app = express();
      app.use(cacheMiddleware(cache, { cacheStatus: true }));
      app.use(cacheMiddleware(cache, { cacheStatus: true }));
      app.get('/', (req, res) => {
        res.set('Cache-Status', 'origin; hit');
        void req.cache.getOrSet('a', () => 1).then((value) => res.json(value));
      });
      const { headers } = await request(app).get('/');
      expect(headers['cache-status']).to.equal('origin; hit, express-cache-health; fwd=miss');
    });

    it('has a member for each cache that a request used', async () => {
      const [outer, inner] = [createCache(OPTIONS), createCache(OPTIONS)];
      await inner.set('b', 1);
      const part = express.Router().use(cacheMiddleware(inner, { cacheStatus: true }));
      part.get('/', (req, res) => void req.cache.get('b').then(() => res.send('x')));
      const app = express().use(cacheMiddleware(outer, { cacheStatus: true }));
      app.use((req, _res, next) => void req.cache.get('a').then(() => next()));
      const { headers } = await request(app.use('/part', part)).get('/part').expect(200);
      expect(headers['cache-status']?.split(', ').toSorted()).to.deep.equal([
        'express-cache-health; fwd=miss',
        'express-cache-health; hit; detail=memory',
      ]);
    });

    it('is set before writeHead() and before a stream begins', async () => {
      const app = express().use(cacheMiddleware({ ...OPTIONS, cacheStatus: true }));
      app.get('/head', (req, res) => {
        void req.cache.get('a').then(() => res.writeHead(202, { 'X-Own': '1' }).end('x'));
      });
      app.get('/stream', (req, res) => {
        void req.cache.get('a').then(() => {
          res.write('a');
          void req.cache.get('b').then(() => res.end('b'));
        });
      });
      const head = await request(app).get('/head').expect(202);
      expect(head.headers).to.include({ 'x-own': '1' });
      for (const { headers } of [head, await request(app).get('/stream').expect(200, 'ab')]) {
        expect(headers['cache-status']).to.equal('express-cache-health; fwd=miss');
      }
    });

    it('is absent with an object of yours that has no views of requests', async () => {
      const own = Object.fromEntries(CACHE_METHODS.map((each) => [each, () => undefined]));
      const middleware = cacheMiddleware(own as unknown as Cache, { cacheStatus: true });
      expect(await headersOf((req) => req.cache.get('a'), 1, middleware)).to.deep.equal([
        undefined,
      ]);
    });
  });
}
