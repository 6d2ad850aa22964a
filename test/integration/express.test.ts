import { expect } from 'chai';
import express5, { type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';
import {
  type Cache,
  type CacheMiddleware,
  cacheMiddleware,
  createCache,
  type Lookup,
} from '../../lib/index.js';
import { freePort } from '../support/redis-server.js';
import { isUp, Stand } from './stand.js';

const express4 = require('express4') as typeof express5;

interface Product {
  readonly id: string;
  readonly price: number;
}

for (const [name, express] of [
  ['Express 4', express4],
  ['Express 5', express5],
] as const) {
  describe(`integration: req.cache on ${name}`, () => {
    let stand: Stand;
    let opened: CacheMiddleware[];
    before(async () => {
      stand = await Stand.start();
    });
    beforeEach(() => {
      opened = [];
    });
    afterEach(async () => {
      for (const { cache } of opened) await cache.close();
    });
    after(() => stand.stop());

    function middleware(options: Parameters<typeof cacheMiddleware>[0] = {}): CacheMiddleware {
      const given = {
        redis: stand.redis.url,
        prefix: stand.prefix(),
        logger: false,
        ...options,
      } as const;
      const made = cacheMiddleware(given);
      opened.push(made);
      return made;
    }

    /** A catalogue with a price that can be changed, and how often it was asked. */
    function catalogue(cache: CacheMiddleware): {
      app: ReturnType<typeof express5>;
      queries: () => number;
    } {
      let queries = 0;
      let price = 1;
      const app = express();
      app.use(cache);
      app.get('/products/:id', (req: Request, res: Response, next: NextFunction) => {
        const { id } = req.params as { id: string };
        req.cache
          .getOrSet<Product>(`product:${id}`, async () => {
            queries++;
            return { id, price };
          })
          .then((product) => res.json(product), next);
      });
      app.put('/products/:id', (req: Request, res: Response, next: NextFunction) => {
        price++;
        req.cache.delete(`product:${req.params.id}`).then(() => res.sendStatus(204), next);
      });
      return { app, queries: () => queries };
    }

    it('is typed, attached to every request, and one cache for all', async () => {
      const mw = middleware();
      const app = express();
      app.use(mw);
      app.get('/', (req: Request, res: Response) => {
        const cache: Cache = req.cache;
        res.json({ status: cache.status().status, isOwn: cache !== mw.cache });
      });
      await isUp(mw.cache);
      const { body } = await request(app).get('/').expect(200);
      expect(body).to.deep.equal({ status: 'up', isOwn: true });
    });

    it('caches, and forgets changed values', async () => {
      const mw = middleware();
      await isUp(mw.cache);
      const { app, queries } = catalogue(mw);
      for (let i = 0; i < 3; i++) {
        await request(app).get('/products/7').expect(200, { id: '7', price: 1 });
      }
      expect(queries()).to.equal(1);
      await request(app).put('/products/7').expect(204);
      await request(app).get('/products/7').expect(200, { id: '7', price: 2 });
      expect(queries()).to.equal(2);
      expect(mw.cache.status().metrics).to.include({ hits: 2, misses: 2, sets: 2, deletes: 1 });
    });

    it('asks the database once for twenty visitors at once', async () => {
      const mw = middleware();
      await isUp(mw.cache);
      const { app, queries } = catalogue(mw);
      const server = app.listen(0, '127.0.0.1');
      const visits = Array.from({ length: 20 }, () =>
        request(server).get('/products/7').expect(200),
      );
      await Promise.all(visits);
      server.close();
      expect(queries()).to.equal(1);
    });

    it('serves from the first request on while Redis is away', async () => {
      const mw = middleware({ redis: `redis://127.0.0.1:${await freePort()}` });
      const { app, queries } = catalogue(mw);
      for (let i = 0; i < 3; i++) await request(app).get('/products/7').expect(200);
      expect(queries()).to.equal(1);
      await request(app).put('/products/7').expect(204);
      await request(app).get('/products/7').expect(200, { id: '7', price: 2 });
      expect(mw.cache.status().status).to.equal('degraded');
    });

    it('is harmless when mounted twice, or under a router again', async () => {
      const mw = middleware();
      const app = express();
      const seen: Cache[] = [];
      const see = (req: Request, _res: Response, next: NextFunction): void => {
        seen.push(req.cache);
        next();
      };
      const router = express.Router();
      router.use(mw, see);
      app.use(mw, see, mw, see);
      app.use('/sub', router, (_req: Request, res: Response) => void res.sendStatus(204));
      await request(app).get('/sub').expect(204);
      expect(seen).to.have.lengthOf(3);
      expect(new Set(seen).size).to.equal(1);
    });

    it('is another cache in a part of the application that has its own', async () => {
      const [outer, inner] = [middleware(), middleware()];
      const app = express();
      const part = express.Router();
      part.use(inner, (req: Request, _res: Response, next: NextFunction) => {
        req.cache.set('a', 'of the part').then(() => next(), next);
      });
      app.use(outer).use('/part', part);
      app.use((req: Request, res: Response, next: NextFunction) => {
        req.cache.set('a', 'of the whole').then(() => res.sendStatus(204), next);
      });
      await request(app).get('/part').expect(204);
      expect(await inner.cache.get('a')).to.equal('of the part');
      expect(await outer.cache.get('a')).to.equal('of the whole');
    });

    it('hands a loader’s error to Express, and serves the next request', async () => {
      const mw = middleware();
      await isUp(mw.cache);
      let isBroken = true;
      const app = express();
      app.use(mw);
      app.get('/', (req: Request, res: Response, next: NextFunction) => {
        const load = (): string => {
          if (isBroken) throw Object.assign(new Error('no table'), { status: 500 });
          return 'well';
        };
        req.cache.getOrSet('a', load).then((value) => res.send(value), next);
      });
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        res.status(500).send(error.message);
      });
      await request(app).get('/').expect(500, 'no table');
      isBroken = false;
      await request(app).get('/').expect(200, 'well');
    });

    it('answers 503 with Retry-After when the database may not be asked any more', async () => {
      const mw = middleware({ maxConcurrentLoads: 1, maxQueuedLoads: 0 });
      await isUp(mw.cache);
      let release = (): void => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const app = express();
      app.use(mw);
      app.get('/:id', (req: Request, res: Response, next: NextFunction) => {
        const load = async (): Promise<string> => {
          await held;
          return 'loaded';
        };
        req.cache.getOrSet(String(req.params.id), load).then((value) => res.send(value), next);
      });
      // Express' own error handler writes to the console unless this is a test.
      app.set('env', 'test');
      const server = app.listen(0, '127.0.0.1');
      const first = request(server).get('/a').expect(200, 'loaded').then();
      const refused = async (): Promise<boolean> => {
        const response = await Promise.race([request(server).get('/b'), request(server).get('/c')]);
        return response.status === 503 && response.headers['retry-after'] === '1';
      };
      expect(await refused()).to.equal(true);
      release();
      await first;
      server.close();
    });

    it('tells a request its own lookups only', async () => {
      const mw = middleware();
      await isUp(mw.cache);
      const app = express();
      app.use(mw);
      app.get('/:id', (req: Request, res: Response, next: NextFunction) => {
        const lookups: Lookup[] = [];
        req.cache.on('lookup', (lookup) => lookups.push(lookup));
        const { id } = req.params as { id: string };
        req.cache
          .getOrSet(id, () => id)
          .then(() => mw.cache.get('another'))
          .then(() => res.json(lookups), next);
      });
      await request(app)
        .get('/a')
        .expect(200, [{ key: 'a', outcome: 'miss' }]);
      await request(app)
        .get('/a')
        .expect(200, [{ key: 'a', outcome: 'hit', tier: 'redis' }]);
    });

    it('takes a cache made before, which may also be used beside requests', async () => {
      const prefix = stand.prefix();
      const cache = createCache({ redis: stand.redis.url, prefix, logger: false });
      const mw = cacheMiddleware(cache);
      opened.push(mw);
      expect(mw.cache).to.equal(cache);
      await cache.set('product:7', { id: '7', price: 99 });
      const { app, queries } = catalogue(mw);
      await request(app).get('/products/7').expect(200, { id: '7', price: 99 });
      expect(queries()).to.equal(0);
    });

    it('serves two apps of one process as strangers', async () => {
      const [a, b] = [middleware(), middleware()];
      await Promise.all([isUp(a.cache), isUp(b.cache)]);
      const [one, two] = [catalogue(a), catalogue(b)];
      await request(one.app).get('/products/7').expect(200);
      await request(two.app).get('/products/7').expect(200);
      expect([one.queries(), two.queries()]).to.deep.equal([1, 1]);
      await a.cache.close();
      await request(two.app).get('/products/7').expect(200);
      expect(two.queries()).to.equal(1);
    });
  });
}
