import { expect } from 'chai';
import type { Handler } from 'express';
import { nginx } from '../../lib/edge/adapters/nginx.js';
import { varnish } from '../../lib/edge/adapters/varnish.js';
import type { Edge, PurgeOrder, PurgeReply } from '../../lib/edge/edge.js';
import { tagOfKey } from '../../lib/edge/tags.js';
import { type Answer, EXPRESSES, type Stand, stands } from './stand.js';

/** An edge that notes its purges. */
function noting(like: Edge): { edge: Edge; purges: string[]; answer: { with: PurgeReply } } {
  const purges: string[] = [];
  const answer: { with: PurgeReply } = { with: { kind: 'accepted' } };
  const purge = ({ names, isSoft }: PurgeOrder): Promise<PurgeReply> => {
    purges.push(`${isSoft ? 'soft' : 'hard'} ${names.join(' ')}`);
    return Promise.resolve(answer.with);
  };
  return { edge: Object.freeze({ ...like, purge }), purges, answer };
}

const VARNISH = varnish({ url: 'http://127.0.0.1:9' });
const NGINX = nginx({ url: 'http://127.0.0.1:9', secret: 'not-one' });
const ROUTE = { ttl: '1m', swr: '10s', grace: '1h', edgeTtl: '10m' } as const;

const shop: Handler = async (req, res) => {
  res.json(await req.cache.getOrSet(`Product:${req.path}`, () => ({ stock: 1 }), { ttl: '1h' }));
};

for (const [name, express] of EXPRESSES) {
  describe(`a route behind an edge, on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    async function shopStand(like = VARNISH, handler = shop): Promise<Stand & Noted> {
      const noted = noting(like);
      const at = await stand(handler, ROUTE, [], { edge: noted.edge });
      return Object.assign(at, noted);
    }
    type Noted = ReturnType<typeof noting>;

    const control = ({ headers }: Answer): unknown => headers['cache-control'];

    it('says how long, and with which tags: of all, its own, and of each value', async () => {
      const at = await shopStand();
      const { headers } = await at.ask('/1');
      expect(headers['cache-control']).to.equal(
        'public, max-age=0, s-maxage=600, stale-while-revalidate=10, stale-if-error=3600',
      );
      expect(headers['cdn-cache-control']).to.equal(
        'max-age=600, stale-while-revalidate=10, stale-if-error=3600',
      );
      const own = tagOfKey(`http:${at.origin}/1`);
      expect(headers['surrogate-key']).to.equal(`all ${own} product--1`);
    });

    it('says what is left of the lifetime on a hit, and no age that edges would subtract or ignore', async () => {
      const at = await shopStand(NGINX);
      await at.ask('/1');
      await at.cache.advance('40s');
      const { headers } = await at.ask('/1');
      expect(headers['cache-control']).to.include('s-maxage=560');
      expect([headers.age, headers['cdn-cache-control'], headers['surrogate-key']]).to.deep.equal([
        undefined,
        undefined,
        undefined,
      ]);
      expect(at.runs).to.equal(1);
    });

    it('purges after a change, softly after a set and hard after a delete, and once more 2 s later', async () => {
      const at = await shopStand();
      await at.ask('/1');
      await at.cache.set('Product:/1', { stock: 2 });
      await at.cache.advance('10ms');
      expect(at.purges).to.deep.equal(['soft product--1 product~']);
      await at.cache.advance('2s');
      await at.cache.delete('Product:/1');
      await at.cache.advance('3s');
      expect(at.purges.slice(1)).to.deep.equal([
        'soft product--1 product~',
        'hard product--1 product~',
        'hard product--1 product~',
      ]);
      await at.cache.clear('Product:*');
      await at.cache.advance('1s');
      expect(at.purges.at(-1)).to.equal('hard all');
    });

    it('purges the address of a key, for an edge without tags', async () => {
      const at = await shopStand(NGINX);
      await at.ask('/1');
      await at.ask('/2');
      await at.cache.delete('Product:/1');
      await at.cache.advance('10ms');
      expect(at.purges).to.deep.equal([`hard ${at.origin}/1`]);
      await at.cache.delete(`http:${at.origin}/2`);
      await at.cache.advance('10ms');
      expect(at.purges[1]).to.equal(`hard ${at.origin}/2`);
    });

    it('answers though its handler waits for each part to be taken, or fails after its answer', async () => {
      const handlers: Handler[] = [
        async (_req, res) => {
          for (const part of ['a', 'b']) await new Promise((resolve) => res.write(part, resolve));
          await new Promise<void>((resolve) => res.end('c', resolve));
          isDone = true;
        },
        async (req, res, next) => {
          await req.cache.getOrSet('item', () => 1);
          res.send('abc');
          isDone = true;
          next(new Error('too late'));
        },
        (_req, res) => {
          res.once('error', () => {
            isDone = true;
          });
          res.end('abc');
          res.end('d');
        },
      ];
      let isDone = false;
      for (const handler of handlers) {
        isDone = false;
        const at = await shopStand(VARNISH, handler);
        // With a route behind, Express ends the connection at once.
        at.app.get('/never', handler);
        expect((await at.ask()).body, String(handler)).to.equal('abc');
        expect((await at.ask()).body, String(handler)).to.equal('abc');
        expect(isDone, String(handler)).to.equal(true);
      }
    });

    it('sends no-store when a value changed while the handler ran', async () => {
      const at = await shopStand(VARNISH, async (req, res) => {
        const item = await req.cache.getOrSet('item', () => 1);
        if (at.runs === 1) await at.cache.delete('item');
        res.json({ item });
      });
      const late = await at.ask();
      expect([control(late), late.headers['surrogate-key']]).to.deep.equal(['no-store', undefined]);
      expect(late.headers['cdn-cache-control']).to.equal('no-store');
      expect(control(await at.ask())).to.include('s-maxage=600');
    });

    it('sends no-store when a tag of the route was invalidated while the handler ran', async () => {
      const noted = noting(VARNISH);
      const handler: Handler = async (_req, res) => {
        if (at.runs === 1) await at.cache.invalidateTags(['catalogue']);
        res.json({ run: at.runs });
      };
      const options = { ...ROUTE, tags: ['catalogue'] };
      const at: Stand = await stand(handler, options, [], { edge: noted.edge });
      expect(control(await at.ask())).to.equal('no-store');
      expect(control(await at.ask())).to.include('s-maxage=600');
      const hit = await at.ask();
      expect([hit.body, hit.headers['surrogate-key']?.includes('catalogue')]).to.deep.equal([
        '{"run":2}',
        true,
      ]);
    });

    it('gives 404 and 410 a short lifetime, 5xx none, and a deleted thing its tags', async () => {
      const at = await shopStand(VARNISH, (req, res) => {
        res.status(Number(req.path.slice(1))).send('x');
      });
      for (const status of [404, 410]) {
        const answer = await at.ask(`/${status}`);
        expect(control(answer)).to.match(/^public, max-age=0, s-maxage=10,/);
        expect(answer.headers['surrogate-key']).to.match(/^all h/);
      }
      for (const status of [500, 503])
        expect(control(await at.ask(`/${status}`))).to.equal('no-store');
    });

    it('shares no answer with a cookie, early or late', async () => {
      const late: Handler = (_req, res, next) => {
        const { writeHead } = res;
        // As express-session does, past any method of the response that a handler has replaced.
        res.writeHead = function (this: typeof res, ...args: never[]) {
          const { setHeader } = Object.getPrototypeOf(Object.getPrototypeOf(res)) as typeof res;
          setHeader.call(res, 'Set-Cookie', 'sid=1');
          return Reflect.apply(writeHead, this, args);
        } as never;
        next();
      };
      const early: Handler = (_req, res, next) => {
        res.setHeader('Set-Cookie', 'a=1');
        next();
      };
      for (const above of [late, early]) {
        const { edge } = noting(VARNISH);
        const at = await stand((_q, r) => void r.send('x'), ROUTE, [above], { edge });
        for (let i = 0; i < 2; i++) {
          const answer = await at.ask();
          expect(answer.headers['set-cookie']).to.have.length(1);
          expect(control(answer)).to.equal('private, no-cache');
          expect(answer.headers['cdn-cache-control']).to.equal('no-store');
          expect(answer.headers['surrogate-key']).to.equal(undefined);
        }
        expect(at.runs).to.equal(1);
      }
      const { edge } = noting(VARNISH);
      const own: Handler = (_q, r) =>
        void r.set('Cache-Control', 'public, max-age=60').cookie('a', '1').send('x');
      const at = await stand(own, ROUTE, [], { edge });
      expect(control(await at.ask())).to.equal('private, no-cache');
    });

    it('keeps what a visitor alone may see private, also when the handler reads it after the first byte', async () => {
      const at = await shopStand(VARNISH, (req, res) => {
        res.write('hello ');
        setImmediate(() => res.end(String(req.headers.cookie)));
      });
      const answer = await at.ask('/', { cookie: 'a' });
      expect([answer.body, control(answer)]).to.deep.equal(['hello a', 'private, no-cache']);
    });

    it('leaves the lifetime to the handler that names one, and still adds the tags', async () => {
      const at = await shopStand(VARNISH, (_req, res) => {
        res.set('Cache-Control', 'public, max-age=5').send('x');
      });
      const { headers } = await at.ask();
      expect(headers['cache-control']).to.equal('public, max-age=5');
      expect(headers['surrogate-key']).to.match(/^all h/);
    });

    it('sends what has too many values with the tag of their kind, and what does not fit at all private', async () => {
      const at = await shopStand(VARNISH, async (req, res) => {
        const kinds = req.path === '/many' ? 1 : 100;
        const keys = Array.from({ length: 200 }, (_, i) => `kind-${i % kinds}:${i}`);
        const load = (missing: readonly string[]) => new Map(missing.map((key) => [key, 1]));
        res.json([...(await req.cache.getOrSetMany(keys, load)).values()]);
      });
      // More values than memory holds: their versions are known from the second visit on.
      expect(control(await at.ask('/many'))).to.equal('no-store');
      const many = await at.ask('/many');
      expect(many.headers['surrogate-key']).to.match(/^all h\S+ kind-0~$/);
      expect(at.cache.metrics().edge?.coarse).to.equal(1);
      await at.ask('/odd');
      const odd = await at.ask('/odd');
      expect([control(odd), odd.headers['surrogate-key']]).to.deep.equal([
        'private, no-cache',
        undefined,
      ]);
      await at.cache.delete('kind-0:5');
      await at.cache.advance('10ms');
      expect(at.purges).to.deep.equal(['hard kind-0-5 kind-0~']);
    });

    it('shortens the lifetime while Redis is away and until 10 s of calm, and purges again after the replay', async () => {
      const at = await shopStand();
      await at.ask('/1');
      await at.cache.breakRedis('kill');
      expect(control(await at.ask('/1'))).to.equal(
        'public, max-age=0, s-maxage=5, stale-while-revalidate=30, stale-if-error=3600',
      );
      await at.cache.delete('Product:/1');
      await at.cache.advance('5s');
      const during = at.purges.length;
      expect(at.purges).to.deep.equal(['hard product--1 product~', 'hard product--1 product~']);
      await at.cache.restoreRedis();
      await at.cache.advance('5s');
      expect(at.cache.status().mode).to.equal('normal');
      expect(at.purges.slice(during)).to.include('hard product--1 product~');
      expect(control(await at.ask('/1'))).to.include('s-maxage=5,');
      await at.cache.advance('10s');
      expect(control(await at.ask('/2'))).to.include('s-maxage=600');
    });

    it('shows in status, health and metrics when the edge does not accept purges', async () => {
      const at = await shopStand();
      at.answer.with = { kind: 'failed', error: 'HTTP 500' };
      await at.cache.delete('Product:/1');
      await at.cache.advance('30s');
      expect(at.cache.status()).to.have.property('status', 'up');
      expect(at.cache.status().edge).to.include({
        name: 'varnish',
        backlog: 2,
        lastError: 'HTTP 500',
      });
      await at.cache.advance('40s');
      const status = at.cache.status();
      expect([status.status, status.mode]).to.deep.equal(['degraded', 'normal']);
      expect(status.message).to.include('The edge (varnish) has not accepted purges of 2 tags');
      expect(at.cache.metrics().edge).to.deep.include({ name: 'varnish', backlog: 2 });
      at.answer.with = { kind: 'accepted' };
      await at.cache.advance('40s');
      expect(at.cache.status()).to.have.property('status', 'up');
      expect(at.cache.status().edge).to.deep.equal({ name: 'varnish', backlog: 0, oldestMs: 0 });
    });

    it('never stores more than it may hold back: a large answer goes on unshared', async () => {
      const noted = noting(VARNISH);
      const big: Handler = (_req, res) => {
        for (let i = 0; i < 20; i++) res.write('x'.repeat(100));
        res.end('end');
      };
      const at = await stand(big, { ...ROUTE, maxBytes: 1_000 }, [], { edge: noted.edge });
      const answer = await at.ask();
      expect([answer.body.length, control(answer)]).to.deep.equal([2_003, 'no-store']);
    });
  });
}
