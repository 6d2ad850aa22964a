import { expect } from 'chai';
import express5, { type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';
import type { Cache } from '../../lib/api/cache.js';
import { createCache } from '../../lib/cache/create-cache.js';
import { CACHE_MARK, CACHE_METHODS } from '../../lib/core/is-cache.js';
import { cacheMiddleware } from '../../lib/express/cache-middleware.js';

const express4 = require('express4') as typeof express5;

const newCache = (prefix: string): Cache => createCache({ redis: false, prefix, logger: false });

/** An object with some methods of a cache, which do nothing. */
function methods(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, () => name]));
}

/** Puts the view that a request has into a list. */
function see(seen: Cache[]) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    seen.push(req.cache);
    next();
  };
}

const end = (_req: Request, res: Response): void => void res.sendStatus(204);

describe('cacheMiddleware: its argument', () => {
  it('is options, of which it makes a cache', () => {
    const { cache } = cacheMiddleware({ redis: false, logger: false });
    expect(cache.status().message).to.match(/Memory alone serves/);
  });

  it('is a cache, which it uses', () => {
    const cache = newCache('a:');
    expect(cacheMiddleware(cache).cache).to.equal(cache);
  });

  it('is a cache of another copy of this package, known by its mark', () => {
    class OtherHandle {
      readonly [CACHE_MARK] = true;
    }
    const cache = new OtherHandle() as unknown as Cache;
    expect(cacheMiddleware(cache).cache).to.equal(cache);
  });

  it('is an object with every method of a cache', () => {
    class Wrapper {}
    Object.assign(Wrapper.prototype, methods(CACHE_METHODS));
    for (const cache of [methods(CACHE_METHODS), new Wrapper()]) {
      expect(cacheMiddleware(cache as unknown as Cache).cache).to.equal(cache);
    }
  });

  it('is no instance of another class, and no object without some of the methods', () => {
    class Wrapper {}
    Object.assign(Wrapper.prototype, methods(CACHE_METHODS.slice(1)));
    for (const given of [new Wrapper(), new Map(), new Date(), Promise.resolve()]) {
      expect(() => cacheMiddleware(given as Cache)).to.throw(/^the cache must be an object of opt/);
    }
    const partly = methods(CACHE_METHODS.slice(1)) as unknown as Cache;
    expect(() => cacheMiddleware(partly)).to.throw(/^the cache has no option '/);
  });
});

for (const [name, express] of [
  ['Express 4', express4],
  ['Express 5', express5],
] as const) {
  describe(`cacheMiddleware: req.cache on ${name}`, () => {
    it('is a view of the cache, of the request’s own', async () => {
      const mw = cacheMiddleware({ redis: false, logger: false });
      const seen: Cache[] = [];
      const app = express().use(mw, see(seen), end);
      await request(app).get('/').expect(204);
      await request(app).get('/').expect(204);
      expect(new Set([...seen, mw.cache]).size).to.equal(3);
      await seen[0]?.set('a', 1);
      expect(await seen[1]?.get('a')).to.equal(1);
    });

    it('is the object itself where that has no views', async () => {
      const cache = methods(CACHE_METHODS) as unknown as Cache;
      const seen: Cache[] = [];
      const mw = cacheMiddleware(cache);
      await request(express().use(mw, mw, see(seen), end))
        .get('/')
        .expect(204);
      expect(seen).to.deep.equal([cache]);
    });

    it('stays when the same cache is mounted again, also by another middleware', async () => {
      const cache = newCache('a:');
      const seen: Cache[] = [];
      const router = express.Router().use(cacheMiddleware(cache), see(seen));
      const app = express().use(
        cacheMiddleware(cache),
        see(seen),
        cacheMiddleware(cache),
        see(seen),
      );
      await request(app.use('/sub', router, end))
        .get('/sub')
        .expect(204);
      expect(seen).to.have.lengthOf(3);
      expect(new Set(seen).size).to.equal(1);
    });

    it('is another cache in a part that has its own, and is the outer one again after it', async () => {
      const [outer, inner] = [newCache('outer:'), newCache('inner:')];
      const seen: Cache[] = [];
      const part = express.Router().use(see(seen), cacheMiddleware(inner), see(seen));
      part.use('/deep', express.Router().use(see(seen)));
      const app = express().use(cacheMiddleware(outer), see(seen));
      app.use('/part', part).use(see(seen), end);
      await request(app).get('/part/deep').expect(204);
      expect(seen).to.have.lengthOf(5);
      const [first, before, within, deep, after] = seen;
      expect([before, after]).to.deep.equal([first, first]);
      expect(deep).to.equal(within);
      expect(within).to.not.equal(first);
      await within?.set('k', 1);
      expect([await inner.has('k'), await outer.has('k')]).to.deep.equal([true, false]);
    });

    it('is the part’s in a mounted application', async () => {
      const [outer, inner] = [newCache('outer:'), newCache('inner:')];
      const admin = express()
        .use(cacheMiddleware(inner))
        .get('/', (req: Request, res: Response, next: NextFunction) => {
          req.cache.set('k', 1).then(() => res.sendStatus(204), next);
        });
      const app = express().use(cacheMiddleware(outer)).use('/admin', admin);
      await request(app).get('/admin').expect(204);
      expect([await inner.has('k'), await outer.has('k')]).to.deep.equal([true, false]);
    });

    it('is the part’s below its path alone, for parts in parts and parts that look alike', async () => {
      const [a, b, c] = [newCache('a:'), newCache('b:'), newCache('c:')];
      const seen: Cache[] = [];
      const inner = express.Router().use(cacheMiddleware(c), see(seen));
      const middle = express.Router().use(cacheMiddleware(b), see(seen)).use('/in', inner);
      middle.use(see(seen));
      const app = express().use(cacheMiddleware(a), see(seen)).use('/p', middle);
      app.use('/p/:more', see(seen)).use(see(seen), end);
      await request(app).get('/p/in').expect(204);
      const [inA, inB, inC, inBAgain, , inAAgain] = seen;
      expect(new Set([inA, inB, inC]).size).to.equal(3);
      expect(inBAgain).to.equal(inB);
      expect(inAAgain).to.equal(inA);
    });

    it('is not the part’s where another path begins with the same letters', async () => {
      const [outer, inner] = [newCache('outer:'), newCache('inner:')];
      const seen: Cache[] = [];
      const part = express.Router().use(cacheMiddleware(inner));
      const app = express().use(cacheMiddleware(outer), see(seen)).use('/p', part);
      app.use((req: Request, _res: Response, next: NextFunction) => {
        req.url = '/pp';
        next();
      });
      await request(app.use('/pp', see(seen), end))
        .get('/p')
        .expect(204);
      expect(seen[1]).to.equal(seen[0]);
    });

    it('is one view for each cache of a request, however deep it is mounted again', async () => {
      const [outer, inner] = [newCache('outer:'), newCache('inner:')];
      const seen: Cache[] = [];
      const deep = express.Router().use(cacheMiddleware(outer), see(seen));
      const part = express.Router().use(cacheMiddleware(inner), see(seen)).use('/deep', deep);
      const app = express().use(cacheMiddleware(outer), see(seen)).use('/part', part, end);
      await request(app).get('/part/deep').expect(204);
      expect(seen[2]).to.equal(seen[0]);
      expect(seen[1]).to.not.equal(seen[0]);
    });

    it('replaces a cache that the application attached by itself', async () => {
      const [cache, own] = [newCache('a:'), newCache('b:')];
      const seen: Cache[] = [];
      const mw = cacheMiddleware(cache);
      const app = express();
      app.use(mw, see(seen), (req: Request, _res: Response, next: NextFunction) => {
        req.cache = own;
        next();
      });
      await request(app.use(mw, see(seen), mw, see(seen), end))
        .get('/')
        .expect(204);
      expect(seen).to.have.lengthOf(3);
      expect(new Set(seen).size).to.equal(1);
    });

    it('stays a plain property while there is one cache', async () => {
      const mw = cacheMiddleware(newCache('a:'));
      const app = express().use(mw, mw, (req: Request, res: Response) => {
        res.send(String(Object.getOwnPropertyDescriptor(req, 'cache')?.get));
      });
      await request(app).get('/').expect(200, 'undefined');
    });

    it('is replaced without a path too, by the one that was mounted last', async () => {
      const [first, second] = [newCache('a:'), newCache('b:')];
      const seen: Cache[] = [];
      const app = express().use(cacheMiddleware(first), cacheMiddleware(second), see(seen), end);
      await request(app).get('/').expect(204);
      await seen[0]?.set('k', 1);
      expect([await first.has('k'), await second.has('k')]).to.deep.equal([false, true]);
    });

    it('may be set by others afterwards', async () => {
      const [first, second] = [cacheMiddleware(newCache('a:')), cacheMiddleware(newCache('b:'))];
      const app = express().use(first, second, (req: Request, res: Response) => {
        req.cache = 'mine' as never;
        res.send(req.cache);
      });
      await request(app).get('/').expect(200, 'mine');
    });

    it('is not taken from another library: an error names the conflict', async () => {
      const app = express();
      app.use((req: Request, _res: Response, next: NextFunction) => {
        (req as { cache: unknown }).cache = { get: () => 'of another library' };
        next();
      });
      app.use(cacheMiddleware({ redis: false, logger: false }), end);
      app.use(
        (error: { code?: string; message: string }, _: Request, res: Response, __: unknown) => {
          res.status(500).json({ code: error.code, message: error.message });
        },
      );
      const { body } = await request(app).get('/').expect(500);
      expect(body.code).to.equal('ERR_CACHE_OPTION');
      expect(body.message).to.match(/^req\.cache is taken: .* an object, which is not a cache/);
    });
  });
}
