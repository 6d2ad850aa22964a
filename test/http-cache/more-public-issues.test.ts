import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Handler } from 'express';
import { cacheMiddleware } from '../../lib/express/cache-middleware.js';
import { responseCache } from '../../lib/http-cache/response-cache.js';
import { createTestCache } from '../../lib/testing/create-test-cache.js';
import { EXPRESSES, stands } from './stand.js';

for (const [name, express] of EXPRESSES) {
  describe(`more of what public issues of other response caches report, on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    const counting: Handler = (_req, res) => void res.send('x');

    it('apicache #56: many addresses do not fill the memory', async () => {
      const at = await stand(counting, {}, [], { memory: { max: 20 } });
      for (let i = 0; i < 60; i++) await at.ask(`/?bust=${i}`);
      expect(at.cache.status().memory?.entries).to.be.at.most(20);
    });

    it('apicache #122: the ttl of the cache is no lifetime for browsers', async () => {
      const at = await stand(counting, { ttl: '1h' });
      for (let i = 0; i < 2; i++)
        expect((await at.ask()).headers['cache-control']).to.equal(undefined);
    });

    it('apicache #87: a first visitor with a validator fills the cache', async () => {
      const at = await stand((_q, r) => void r.set('ETag', '"1"').send('x'));
      expect((await at.ask('/', { 'if-none-match': '"1"' })).status).to.equal(304);
      const { status, body } = await at.ask();
      expect([status, body, at.runs]).to.deep.equal([200, 'x', 1]);
    });

    it('apicache PR #182: an outage in the middle of a request does not hang it', async () => {
      const at = await stand(async (_q, res) => {
        if (at.runs === 1) await at.cache.breakRedis('hang');
        res.send('x');
      });
      expect((await at.ask()).body).to.equal('x');
      expect((await at.ask()).body).to.equal('x');
      expect(at.runs).to.equal(1);
    });

    it('apicache #246, #253: what is written to Redis is read from there by another instance', async () => {
      const at = await stand(counting);
      await at.ask();
      const hit = await at.ask();
      expect(hit.headers['cache-status']).to.match(/; hit/);
      expect(at.cache.metrics().lookups.redis.hit).to.equal(1);
    });

    it('apicache #169, #102, apicache-plus #28: a pattern removes a group of answers, and nothing of it lingers', async () => {
      const at = await stand(counting);
      for (const path of ['/a/1', '/a/2', '/b']) await at.ask(path);
      await at.cache.clear(`http:${at.origin}/a/*`);
      await at.cache.advance('10ms');
      for (const path of ['/a/1', '/a/2', '/b']) await at.ask(path);
      expect(at.runs).to.equal(5);
    });

    it('apicache #77: middleware in the wrong form is an error that says what to write', () => {
      const misuse = responseCache as unknown as (...args: unknown[]) => unknown;
      expect(() => misuse('5 minutes')).to.throw("Write responseCache({ ttl: '1m' })");
      expect(() => misuse({}, {}, () => {})).to.not.throw('is not a function');
    });

    it('apicache: a ttl of "1m" is a minute', async () => {
      const at = await stand(counting, { ttl: '1m' });
      await at.ask();
      await at.cache.advance('59s');
      await at.ask();
      expect(at.runs).to.equal(1);
      await at.cache.advance('2s');
      await at.ask();
      expect(at.runs).to.equal(2);
    });

    it('apicache #31: a lifetime of many days is none of a moment, and starts no timer for it', async () => {
      const at = await stand(counting, { ttl: '60d' });
      await at.ask();
      await at.cache.advance('10m');
      await at.ask();
      expect(at.runs).to.equal(1);
    });

    it('apicache PR #143: no header names the software of the cache store, a key or an address', async () => {
      const at = await stand(counting);
      await at.ask('/secret-path');
      const { headers } = await at.ask('/secret-path');
      const cacheHeaders = Object.entries(headers).filter(([field]) => /cache|^x-/.test(field));
      expect(JSON.stringify(cacheHeaders)).to.not.match(/redis|lru|secret-path|127\.0\.0\.1/i);
    });

    it('apicache: a hundred visitors at once are one run', async () => {
      const at = await stand((_q, res) => void setTimeout(() => res.send('x'), 30));
      const answers = await Promise.all(Array.from({ length: 100 }, () => at.ask()));
      expect(answers.every(({ body }) => body === 'x')).to.equal(true);
      expect(at.runs).to.equal(1);
    });

    it('apicache: bytes and text in one answer stay what they are', async () => {
      const at = await stand((_q, res) => {
        res.write(Buffer.from([0xff, 0xfe, 0x80]));
        res.end('é', 'latin1');
      });
      const real = Buffer.from([0xff, 0xfe, 0x80, 0xe9]);
      for (let i = 0; i < 2; i++) expect((await at.ask()).bytes.equals(real)).to.equal(true);
      expect(at.runs).to.equal(1);
    });

    it('koa-cash: compressed and plain answers do not mix', async () => {
      const at = await stand((req, res) => {
        res.vary('Accept-Encoding');
        if (req.acceptsEncodings('gzip')) res.set('Content-Encoding', 'gzip').end(gzipSync('x'));
        else res.end('x');
      });
      const zipped = { 'accept-encoding': 'gzip' };
      for (let i = 0; i < 2; i++) {
        expect((await at.ask()).body).to.equal('x');
        expect(String(gunzipSync((await at.ask('/', zipped)).bytes))).to.equal('x');
      }
    });

    it('koa-cash: the options of one route do not change those of another', async () => {
      const at = await stand(counting, { ttl: '1m', vary: 'accept-language' });
      const other = await stand(counting, {});
      await at.ask('/', { 'accept-language': 'de' });
      await other.ask('/', { 'accept-language': 'de' });
      await other.ask('/', { 'accept-language': 'en' });
      expect(other.runs).to.equal(1);
    });

    it('cacheable-response: a validator in a list, and a weak one, is compared as RFC 9110 says', async () => {
      const at = await stand((_q, r) => void r.set('ETag', 'W/"b"').send('x'));
      await at.ask();
      for (const known of ['"a", W/"b"', '"b"', '*'])
        expect((await at.ask('/', { 'if-none-match': known })).status).to.equal(304);
      expect((await at.ask('/', { 'if-none-match': '"c"' })).status).to.equal(200);
    });

    it('cacheable-response, nitro #1834: Vary is obeyed, and sent when the route declares it', async () => {
      const at = await stand((req, res) => void res.send(req.get('accept-language')), {
        vary: 'accept-language',
      });
      for (const language of ['de', 'en', 'de']) {
        const answer = await at.ask('/', { 'accept-language': language });
        expect([answer.body, answer.headers.vary]).to.deep.equal([language, 'accept-language']);
      }
      expect(at.runs).to.equal(2);
    });

    it('@fastify/caching: the validator of another address is no reason for 304', async () => {
      const at = await stand((req, res) => void res.set('ETag', `"${req.path}"`).send(req.path));
      await at.ask('/a');
      await at.ask('/b');
      expect((await at.ask('/b', { 'if-none-match': '"/a"' })).status).to.equal(200);
    });

    it('@fastify/caching: an error says no-store', async () => {
      const at = await stand((_q, res) => void res.status(503).send('x'));
      expect((await at.ask()).headers['cache-control']).to.equal('no-store');
    });

    it('nitro #3110: an answer with swr ends when its window ends', async () => {
      const at = await stand((_q, res) => void res.send(`run ${at.runs}`), {
        ttl: '1s',
        swr: '5s',
      });
      await at.ask();
      await at.cache.advance('1h');
      expect((await at.ask()).body).to.equal('run 2');
    });

    it('ocache, Meziantou.Framework PR #1920: a HEAD before a GET leaves no empty answer', async () => {
      const at = await stand(counting);
      await at.ask('/', {}, 'HEAD');
      expect((await at.ask()).body).to.equal('x');
      const { body, headers } = await at.ask('/', {}, 'HEAD');
      expect([body, headers['content-length']]).to.deep.equal(['', '1']);
    });

    it('ocache: If-None-Match comes before If-Modified-Since', async () => {
      const modified = 'Thu, 01 Jan 2026 00:00:00 GMT';
      const at = await stand(
        (_q, r) => void r.set({ ETag: '"2"', 'Last-Modified': modified }).send('x'),
      );
      await at.ask();
      const known = { 'if-none-match': '"1"', 'if-modified-since': modified };
      expect((await at.ask('/', known)).status).to.equal(200);
      expect((await at.ask('/', { 'if-modified-since': modified })).status).to.equal(304);
    });

    it('ocache: an answer that was being made during a purge is not stored', async () => {
      const at = await stand(async (_req, res) => {
        const run = at.runs;
        if (run === 1) await at.cache.delete(`http:${at.origin}/`);
        res.send(`run ${run}`);
      });
      await at.ask();
      expect((await at.ask()).body).to.equal('run 2');
      expect((await at.ask()).body).to.equal('run 2');
    });

    it('ocache: a 304 that the handler sends is not stored', async () => {
      const at = await stand((_q, res) => void res.status(304).end());
      expect((await at.ask()).headers['cache-status']).to.include('detail=not-modified');
      await at.ask();
      expect(at.runs).to.equal(2);
    });

    it('ocache: no answer is stored without an end', async () => {
      const at = await stand(counting, { ttl: 0 });
      for (let i = 0; i < 2; i++) await at.ask();
      expect(at.runs).to.equal(2);
    });

    it('ocache: a GET with a body goes past the cache', async () => {
      const at = await stand(counting);
      await fetch(at.origin);
      const answer = await at.ask('/', { 'transfer-encoding': 'chunked' });
      expect(answer.headers['cache-status']).to.include('detail=request-body');
    });

    it('next CVE-2026-44576: an answer for a header of a framework is not served to a page', async () => {
      const at = await stand((req, res) => void res.send(req.get('rsc') ? 'data' : '<html>'));
      await at.ask('/', { rsc: '1' });
      expect((await at.ask()).body).to.equal('<html>');
    });

    it('Varnish: answers that are stale are counted apart, so that they hide no outage', async () => {
      let isDown = false;
      const at = await stand((_q, res) => void res.status(isDown ? 500 : 200).send('x'), {
        ttl: '1s',
        grace: '1h',
      });
      await at.ask();
      isDown = true;
      await at.cache.advance('10s');
      expect((await at.ask()).status).to.equal(200);
      expect(at.route.counts()).to.include({ hits: 1, stale: 1 });
    });

    it('rails: one run refreshes an expired answer, and the others do not wait for a second', async () => {
      const at = await stand((_q, res) => void setTimeout(() => res.send('x'), 20), { ttl: '1s' });
      await at.ask();
      await at.cache.advance('2s');
      await Promise.all([1, 2, 3, 4, 5].map(() => at.ask()));
      expect(at.runs).to.equal(2);
    });

    it('nuxt #31733: a handler that goes on after the answer breaks nothing', async () => {
      const at = await stand((_q, res) => {
        res.send('x');
        try {
          res.setHeader('X-Late', '1');
        } catch {
          // Node says that the headers were sent.
        }
      });
      for (let i = 0; i < 2; i++) expect((await at.ask()).body).to.equal('x');
      expect(at.runs).to.equal(1);
    });
  });

  it(`fastify-caching: two applications on one cache and port differ by the host (${name})`, async () => {
    const cache = createTestCache();
    const app = express();
    app.use(cacheMiddleware(cache), responseCache());
    app.get('/', (req, res) => void res.send(req.hostname));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const ask = async (host: string): Promise<string> =>
      (await fetch(`http://${host}:${port}/`)).text();
    expect([await ask('127.0.0.1'), await ask('localhost')]).to.deep.equal([
      '127.0.0.1',
      'localhost',
    ]);
    server.closeAllConnections();
    server.close();
    await cache.close();
  });
}
