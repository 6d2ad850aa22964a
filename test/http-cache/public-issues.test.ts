import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Handler } from 'express';
import type { ResponseCacheOptions } from '../../lib/http-cache/options.js';
import type { NotStored } from '../../lib/http-cache/rules/not-stored.js';
import { type Answer, EXPRESSES, type Stand, stands } from './stand.js';

/** Asks twice; how often the handler ran, and the two answers. */
async function twice(
  at: Stand,
  first: Record<string, string> = {},
  second: Record<string, string> = first,
): Promise<{ runs: number; one: Answer; two: Answer }> {
  const one = await at.ask('/', first);
  const two = await at.ask('/', second);
  return { runs: at.runs, one, two };
}

for (const [name, express] of EXPRESSES) {
  describe(`what public issues of other response caches report, on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    const shared: [issue: string, handler: Handler, options?: ResponseCacheOptions][] = [
      ['apicache #190: headers are there on a hit', (_q, r) => void r.set('X-A', '1').send('x')],
      [
        'apicache #152: writeHead with headers',
        (_q, r) => void r.writeHead(200, { 'X-A': '1' }).end('x'),
      ],
      [
        'apicache #152: writeHead with a list',
        (_q, r) => void r.writeHead(200, 'OK', ['X-A', '1']).end('x'),
      ],
      [
        'apicache-plus #27: a stream',
        (_q, r) => void Readable.from(['a', 'b']).pipe(r.set('X-A', '1')),
      ],
      ['express-redis-cache: res.end', (_q, r) => void r.set('X-A', '1').end('x')],
      [
        'express-redis-cache #43: the status of a hit',
        (_q, r) => void r.status(404).set('X-A', '1').send('x'),
      ],
      ['express-redis-cache: a redirect', (_q, r) => void r.set('X-A', '1').redirect(301, '/b')],
      ['nitro #1850: an ETag that is text', (_q, r) => void r.set('X-A', '1').end('x')],
      ['apicache: an empty body', (_q, r) => void r.set('X-A', '1').end()],
      ['koa-cash: an empty JSON value', (_q, r) => void r.set('X-A', '1').json(null)],
    ];
    for (const [issue, handler, options] of shared) {
      it(issue, async () => {
        const { runs, one, two } = await twice(await stand(handler, options));
        expect([runs, two.status, two.body, two.headers['x-a']]).to.deep.equal([
          1,
          one.status,
          one.body,
          '1',
        ]);
        expect(two.headers.etag).to.not.equal('undefined');
        expect(two.headers.location).to.equal(one.headers.location);
      });
    }

    const unshared: [issue: string, reason: NotStored, handler: Handler][] = [
      [
        'apicache #225: an answer for one token',
        'authorization',
        (q, r) => void r.send(q.get('authorization') ?? ''),
      ],
      [
        'apicache PR #9, #191: an answer for one user',
        'unkeyed-read',
        (q, r) => void r.send(String(q.headers.cookie)),
      ],
      [
        'apicache PR #106: a session cookie is not replayed',
        'set-cookie',
        (_q, r) => void r.cookie('sid', '1').send('x'),
      ],
      ['apicache PR #4: an error page', 'server-error', (_q, r) => void r.status(500).send('x')],
      [
        'express-redis-cache #21: Accept without Vary',
        'unkeyed-read',
        (q, r) => void r.send(String(q.get('accept'))),
      ],
      [
        'nitro #1745: server-sent events',
        'stream',
        (_q, r) => void r.type('text/event-stream').end('data: 1\n\n'),
      ],
      [
        'apicache #74, #197: no-store of the handler',
        'no-store',
        (_q, r) => void r.set('Cache-Control', 'no-store').send('x'),
      ],
      [
        'next GHSA-c59h: an answer of 204 without lifetime',
        'status',
        (_q, r) => void r.status(204).end(),
      ],
      [
        'ocache: a part of a file',
        'partial',
        (_q, r) => void r.status(206).set('Content-Range', 'bytes 0-0/2').send('x'),
      ],
      ['ocache: Vary: *', 'vary-star', (_q, r) => void r.set('Vary', '*').send('x')],
      [
        'apicache: compressed bytes without Vary',
        'encoding',
        (_q, r) => void r.set('Content-Encoding', 'gzip').end('x'),
      ],
    ];
    for (const [issue, reason, handler] of unshared) {
      it(issue, async () => {
        const visitor = (id: string): Record<string, string> => ({
          cookie: `sid=${id}`,
          accept: id,
          ...(reason === 'authorization' && { authorization: id }),
        });
        const { runs, one, two } = await twice(await stand(handler), visitor('a'), visitor('b'));
        expect(runs).to.equal(2);
        expect(one.headers['cache-status']).to.include(`detail=${reason}`);
        expect(two.body).to.equal(one.body.replace(/a$/, 'b'));
      });
    }

    it('apicache #64: POST is neither stored nor answered from the cache', async () => {
      const at = await stand((req, res) => void res.send(req.method));
      await at.ask('/', {}, 'POST');
      expect((await at.ask()).body).to.equal('GET');
      expect((await at.ask('/', {}, 'POST')).body).to.equal('POST');
      expect(at.runs).to.equal(3);
    });

    it('apicache: tenants on two hosts have answers of their own', async () => {
      const at = await stand((req, res) => void res.send(req.hostname));
      const { runs, two } = await twice(at, { host: 'a.test' }, { host: 'b.test' });
      expect([runs, two.body]).to.deep.equal([2, 'b.test']);
    });

    it('apicache: no header of a client makes the handler run', async () => {
      const at = await stand((_req, res) => void res.send('x'));
      const bypass = { 'x-apicache-bypass': '1', 'cache-control': 'no-cache', pragma: 'no-cache' };
      expect((await twice(at, {}, bypass)).runs).to.equal(1);
    });

    it('cacheable-response: ?force=true is another URL and no bypass', async () => {
      const at = await stand((_req, res) => void res.send('x'));
      for (let i = 0; i < 3; i++) await at.ask('/?force=true');
      expect(at.runs).to.equal(1);
    });

    it('apicache #164: max-age is never changed, and Age says how old the answer is', async () => {
      const at = await stand((_req, res) => void res.set('Cache-Control', 'max-age=60').send('x'));
      await at.ask();
      await at.cache.advance('30s');
      const { headers } = await at.ask();
      expect([headers['cache-control'], headers.age]).to.deep.equal(['max-age=60', '30']);
    });

    it('ocache: URLs that are names of objects are URLs like any other', async () => {
      const at = await stand((req, res) => void res.send(req.originalUrl));
      for (const path of ['/__proto__', '/constructor', '/toString', '/__proto__']) {
        expect((await at.ask(path)).body).to.equal(path);
      }
      expect(at.runs).to.equal(3);
    });

    it('key boundaries: paths that differ in case, escapes or parameters are apart', async () => {
      const at = await stand((req, res) => void res.send(req.originalUrl));
      const paths = ['/a', '/A', '/%61', '/a;x', '/a?x', '/a?x=1&y=2', '/a?y=2&x=1', '/a/', '//a'];
      for (const path of paths) expect((await at.ask(path)).body).to.equal(path);
      expect(at.runs).to.equal(paths.length);
    });

    it('express-redis-cache #24, #17, apicache #180: requests are answered while Redis is away', async () => {
      const at = await stand((_req, res) => void res.send(`run ${at.runs}`));
      await at.ask('/a');
      await at.cache.breakRedis('hang');
      expect((await at.ask('/a')).body).to.equal('run 1');
      expect((await at.ask('/b')).body).to.equal('run 2');
      expect((await at.ask('/b')).body).to.equal('run 2');
    });

    it('a client that goes away leaves no other visitor without an answer', async () => {
      const handler: Handler = (_req, res) => {
        const run = at.runs;
        if (run === 1) res.once('close', () => at.app.emit('gone'));
        else res.send('x');
      };
      const at: Stand = await stand(handler);
      const gone = once(at.app, 'gone');
      const controller = new AbortController();
      const first = fetch(at.origin, { signal: controller.signal }).catch(() => undefined);
      while (at.runs === 0) await new Promise(setImmediate);
      const second = at.ask();
      controller.abort();
      await Promise.all([first, gone]);
      expect((await second).body).to.equal('x');
    });
  });
}
