import { expect } from 'chai';
import type { Handler } from 'express';
import { EXPRESSES, type Stand, stands } from './stand.js';

for (const [name, express] of EXPRESSES) {
  describe(`responseCache on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    const status = (answer: Awaited<ReturnType<Stand['ask']>>): unknown =>
      answer.headers['cache-status'];

    it('answers the second request with the bytes of the first', async () => {
      const at = await stand((_req, res) => void res.json({ a: 'ä', n: 1 }), { ttl: '1m' });
      const first = await at.ask('/a');
      const second = await at.ask('/a');
      expect(status(first)).to.equal('express-cache-health; fwd=miss; stored');
      expect(status(second)).to.match(/^express-cache-health; hit; ttl=\d+$/);
      expect([second.status, second.body]).to.deep.equal([200, first.body]);
      for (const field of ['content-type', 'etag', 'content-length', 'x-powered-by'])
        expect(second.headers[field], field).to.equal(first.headers[field]);
      expect(at.runs).to.equal(1);
      expect(at.route.counts()).to.deep.equal({ hits: 1, stale: 0, stored: 1, notStored: {} });
    });

    it('keeps bytes that are no text, and several chunks', async () => {
      const bytes = Buffer.from([0xff, 0xfe, 0x80, 0x41, 0]);
      const at = await stand((_req, res) => {
        res.type('application/octet-stream').write(bytes);
        res.write('ä', 'latin1');
        res.end(bytes);
      });
      const first = await at.ask();
      const second = await at.ask();
      expect(second.bytes).to.deep.equal(Buffer.concat([bytes, Buffer.from([0xe4]), bytes]));
      expect(second.bytes).to.deep.equal(first.bytes);
      expect(at.runs).to.equal(1);
    });

    it('expires after ttl', async () => {
      const at = await stand((_req, res) => void res.send(`run ${at.runs}`), { ttl: '10s' });
      expect((await at.ask()).body).to.equal('run 1');
      await at.cache.advance('9s');
      const hit = await at.ask();
      expect([hit.body, hit.headers.age]).to.deep.equal(['run 1', '9']);
      await at.cache.advance('2s');
      expect((await at.ask()).body).to.equal('run 2');
    });

    it('runs one handler for many visitors', async () => {
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const at = await stand((_req, res) => void gate.then(() => res.send('one')));
      const asked = Array.from({ length: 20 }, () => at.ask());
      while (at.cache.counts().misses + at.runs < 1) await new Promise(setImmediate);
      open();
      const bodies = (await Promise.all(asked)).map(({ body }) => body);
      expect(new Set(bodies)).to.deep.equal(new Set(['one']));
      expect(at.runs).to.equal(1);
    });

    it('lets followers run the handler when the answer cannot be shared', async () => {
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const at = await stand((_req, res) => {
        const run = at.runs;
        void gate.then(() => res.set('Cache-Control', 'no-store').send(`${run}`));
      });
      const asked = Array.from({ length: 5 }, () => at.ask());
      await new Promise((resolve) => setTimeout(resolve, 50));
      open();
      const bodies = (await Promise.all(asked)).map(({ body }) => body);
      expect(new Set(bodies).size).to.equal(5);
      expect(at.route.counts().notStored).to.deep.equal({ 'no-store': 5 });
    });

    it('answers 304 to a client that has it, first and later, and stores the whole', async () => {
      const at = await stand((_req, res) => void res.send('whole'));
      const etag = 'W/"5-sdnVCwyJoN9IKjTMPSBjNwSSUFk"';
      const { headers } = await (await stand((_req, res) => void res.send('whole'))).ask();
      expect(headers.etag).to.be.a('string');
      const known = { 'if-none-match': `"x", ${headers.etag ?? etag}` };
      expect((await at.ask('/', known)).status).to.equal(304);
      expect((await at.ask('/', known)).status).to.equal(304);
      const whole = await at.ask();
      expect([whole.status, whole.body, at.runs]).to.deep.equal([200, 'whole', 1]);
    });

    it('answers 304 also when it stores nothing', async () => {
      const at = await stand((_req, res) => void res.set('Cache-Control', 'no-store').send('x'));
      const { headers } = await at.ask();
      const known = { 'if-none-match': headers.etag ?? '' };
      const second = await at.ask('/', known);
      expect([second.status, second.body]).to.deep.equal([304, '']);
    });

    it('answers HEAD from a stored GET, and stores no HEAD', async () => {
      const at = await stand((_req, res) => void res.send('body'));
      expect((await at.ask('/', {}, 'HEAD')).headers['cache-status']).to.include('detail=head');
      await at.ask();
      const head = await at.ask('/', {}, 'HEAD');
      expect([head.body, head.headers['content-length']]).to.deep.equal(['', '4']);
      expect(at.runs).to.equal(2);
    });

    it('keeps variants by the headers that the answer or the route names', async () => {
      const at = await stand(
        (req, res) => void res.vary('Accept-Language').send(`${req.get('accept-language')}`),
        { vary: 'x-plan' },
      );
      for (const language of ['de', 'fr', 'de', 'fr']) {
        const { body, headers } = await at.ask('/', { 'accept-language': language });
        expect(body).to.equal(language);
        expect(headers.vary?.toLowerCase().split(', ').sort()).to.deep.equal([
          'accept-language',
          'x-plan',
        ]);
      }
      expect(at.runs).to.equal(2);
      await at.ask('/', { 'accept-language': 'de', 'x-plan': 'gold' });
      expect(at.runs).to.equal(3);
    });

    it('stores nothing that depends on a header, a cookie or an address which the key does not cover', async () => {
      const reads: ((req: import('express').Request) => unknown)[] = [
        (req) => req.headers.cookie,
        (req) => req.get('authorization'),
        (req) => req.ip,
        (req) => req.socket.remoteAddress,
        (req) => Object.keys(req.headers).length,
        (req) => req.rawHeaders.length,
        (req) => (req as { user?: unknown }).user,
      ];
      for (const read of reads) {
        const at = await stand((req, res) => void res.send(String(read(req))), {}, [
          (req, _res, next) => {
            Object.assign(req, { user: 'ada' });
            next();
          },
        ]);
        const { headers } = await at.ask();
        expect(headers['cache-status'], String(read)).to.include('detail=unkeyed-read');
        expect(headers['cache-control']).to.equal('private, no-cache');
        await at.ask();
        expect(at.runs).to.equal(2);
      }
    });

    it('lets a handler read what key has read, and keeps keys apart', async () => {
      const at = await stand((req, res) => void res.send(`for ${req.get('x-tenant')}`), {
        key: (req) => req.get('x-tenant'),
      });
      for (const tenant of ['a', 'b', 'a', 'b'])
        expect((await at.ask('/', { 'x-tenant': tenant })).body).to.equal(`for ${tenant}`);
      expect(at.runs).to.equal(2);
      const { headers } = await at.ask();
      expect(headers['cache-status']).to.include('detail=no-key');
    });

    it('serves a stale answer in place of an error, for as long as grace', async () => {
      let isBroken = false;
      const at = await stand(
        (_req, res, next) => {
          if (isBroken) next(Object.assign(new Error('broken'), { status: 503 }));
          else res.set('X-Own', 'yes').send('good');
        },
        { ttl: '10s', grace: '1m' },
      );
      await at.ask();
      isBroken = true;
      await at.cache.advance('20s');
      const stale = await at.ask();
      expect([stale.status, stale.body, stale.headers['x-own']]).to.deep.equal([
        200,
        'good',
        'yes',
      ]);
      expect(stale.headers['cache-status']).to.match(/hit; ttl=-\d+; detail=stale-if-error/);
      await at.cache.advance('2m');
      expect((await at.ask()).status).to.equal(503);
    });

    it('serves stale at once with swr, and refreshes by a copy of the request', async () => {
      const at = await stand((_req, res) => void res.send(`run ${at.runs}`), {
        ttl: '10s',
        swr: '1m',
      });
      await at.ask();
      await at.cache.advance('20s');
      const stale = await at.ask();
      expect([stale.body, stale.headers['cache-status']]).to.deep.equal([
        'run 1',
        'express-cache-health; hit; ttl=-10; detail=stale-while-revalidate',
      ]);
      while (at.route.counts().stored < 2) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await at.ask()).body).to.equal('run 2');
      expect(at.runs).to.equal(2);
    });

    it('removes what an unsafe request changes', async () => {
      const at = await stand((req, res) => void res.send(`${req.method} ${at.runs}`));
      expect((await at.ask('/a')).body).to.equal('GET 1');
      await at.ask('/a', {}, 'POST');
      expect((await at.ask('/a')).body).to.equal('GET 3');
    });

    it('never stores these, and says why', async () => {
      const cases: [string, import('express').Handler][] = [
        ['set-cookie', (_req, res) => void res.cookie('a', 'b').send('x')],
        ['private', (_req, res) => void res.set('Cache-Control', 'private').send('x')],
        ['no-cache', (_req, res) => void res.set('Cache-Control', 'no-cache').send('x')],
        ['vary-star', (_req, res) => void res.set('Vary', '*').send('x')],
        ['server-error', (_req, res) => void res.status(500).send('x')],
        ['status', (_req, res) => void res.status(201).send('x')],
        ['no-lifetime', (_req, res) => void res.set('Cache-Control', 'max-age=0').send('x')],
        ['age', (_req, res) => void res.set('Age', 'old').send('x')],
        ['encoding', (_req, res) => void res.set('Content-Encoding', 'gzip').send('x')],
        ['too-large', (_req, res) => void res.send('x'.repeat(2_000))],
        ['stream', (_req, res) => void res.type('text/event-stream').send('x')],
      ];
      for (const [reason, handler] of cases) {
        const at = await stand(handler, { maxBytes: 1_000 });
        const { headers } = await at.ask();
        expect(headers['cache-status']).to.equal(
          `express-cache-health; fwd=miss; detail=${reason}`,
        );
        await at.ask();
        expect(at.runs, reason).to.equal(2);
      }
    });

    it('leaves out on a hit what its handler has removed', async () => {
      const framing: Handler = (_req, res, next) => {
        res.set({ 'X-Frame-Options': 'DENY', 'X-Other': 'kept' });
        next();
      };
      const embedded: Handler = (_req, res) => {
        res.removeHeader('X-Frame-Options');
        res.send('embed me');
      };
      const at = await stand(embedded, {}, [framing]);
      for (let run = 0; run < 2; run++) {
        const { headers } = await at.ask();
        expect(headers).to.include({ 'x-other': 'kept' }).and.not.have.property('x-frame-options');
      }
      expect(at.runs).to.equal(1);
    });

    it('says what to do when there is no req.cache', async () => {
      const at = await stand((_req, res) => void res.send('x'), {}, [
        (req, _res, next) => {
          Reflect.deleteProperty(req, 'cache');
          next();
        },
      ]);
      const { status, body } = await at.ask();
      expect(status).to.equal(500);
      expect(body).to.include('responseCache() needs a cache in req.cache');
    });
  });
}
