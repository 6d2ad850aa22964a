import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { format, inspect } from 'node:util';
import { expect } from 'chai';
import type { Express, Handler, Request } from 'express';
import { nginx } from '../../lib/edge/adapters/nginx.js';
import { responseCache } from '../../lib/http-cache/response-cache.js';
import { EXPRESSES, stands } from './stand.js';

/** A handler that reads something of its request, and says what. */
const saying =
  (read: (req: Request) => unknown): Handler =>
  (req, res) =>
    void res.send(`for ${String(read(req) ?? 'a guest')}`);

/** Gives visitors who send the header `x-user` what a login would. */
const login =
  (give: (req: Request, user: string, locals: Record<string, unknown>) => void): Handler =>
  (req, res, next) => {
    const user = req.get('x-user');
    if (user !== undefined) give(req, user, res.locals);
    next();
  };

/** A template engine that shows the user. */
function useTemplates(app: Express): void {
  class Page {
    readonly path = 'page';
    render({ user }: { readonly user?: string }, done: (error: null, text: string) => void): void {
      done(null, `for ${user ?? 'a guest'}`);
    }
  }
  app.set('view', Page);
}

type WithUser = Request & { readonly user?: string };
const userOf = (req: Request): unknown => (req as WithUser).user;

for (const [name, express] of EXPRESSES) {
  describe(`responseCache and strangers on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    it('gives no guest what a user gets, and no user what a guest gets, in either order', async () => {
      const logins: Readonly<Record<string, [...Handler[], Handler]>> = {
        'a property': [login((req, user) => Object.assign(req, { user })), saying(userOf)],
        'a property of which is asked whether it is there': [
          login((req, user) => Object.assign(req, { user })),
          saying((req) => ('user' in req ? userOf(req) : undefined)),
        ],
        'a getter': [
          login((req, user) =>
            Object.defineProperty(req, 'user', { configurable: true, get: () => user }),
          ),
          saying(userOf),
        ],
        'a getter that cannot be replaced': [
          login((req, user) =>
            Object.defineProperty(req, 'user', { enumerable: true, get: () => user }),
          ),
          saying(userOf),
        ],
        'a property of the response': [
          login((req, user) => Object.assign(req.res as object, { currentUser: user })),
          (_req, res) =>
            void res.send(`for ${(res as { currentUser?: string }).currentUser ?? 'a guest'}`),
        ],
        'the body of a request that has none': [
          (req, _res, next) => {
            req.body = {};
            next();
          },
          login((req, user) => Object.assign(req.body as object, { user })),
          saying((req) => (req.body as { user?: string }).user),
        ],
        'res.locals': [
          login((_req, user, locals) => Object.assign(locals, { user })),
          (_req, res) => void res.send(`for ${res.locals.user ?? 'a guest'}`),
        ],
        'a template': [
          login((_req, user, locals) => Object.assign(locals, { user })),
          (_req, res) => {
            res.locals.title = 'Tea';
            res.render('page');
          },
        ],
      };
      for (const [what, handlers] of Object.entries(logins)) {
        const above = handlers.slice(0, -1);
        const handler = handlers.at(-1) as Handler;
        for (const order of [
          ['ada', undefined],
          [undefined, 'ada'],
        ]) {
          const at = await stand(handler, { grace: '1h' }, above);
          useTemplates(at.app);
          const bodies: string[] = [];
          for (const user of order)
            bodies.push((await at.ask('/', user === undefined ? {} : { 'x-user': user })).body);
          expect(new Set(bodies).size, `${what}: ${bodies}`).to.equal(2);
        }
      }
    });

    it('shares a page of a template among those for whom middleware above puts nothing into it', async () => {
      const users = login((_req, user, locals) => Object.assign(locals, { user }));
      const at = await stand((_req, res) => res.render('page'), {}, [users]);
      useTemplates(at.app);
      for (let i = 0; i < 3; i++) expect((await at.ask()).body).to.equal('for a guest');
      expect(at.runs).to.equal(1);
      expect((await at.ask('/', { 'x-user': 'ada' }, 'GET')).body).to.equal('for ada');
      const head = await at.ask('/', { 'x-user': 'ada' }, 'HEAD');
      expect(head.headers['content-length']).to.equal(String('for ada'.length));
      expect((await at.ask()).body).to.equal('for a guest');
      expect(at.runs).to.equal(3);
    });

    it('notices a read of a field that middleware above has given to this visitor', async () => {
      const named = login((req, user) => req.res?.set('X-Account', user));
      const handlers: Handler[] = [
        (_req, res) => void res.send(`for ${res.get('X-Account')}`),
        (_req, res) => void res.send(`for ${res.hasHeader('x-account')}`),
        (_req, res) => void res.send(`for ${JSON.stringify(res.getHeaders())}`),
      ];
      for (const handler of handlers) {
        const at = await stand(handler, {}, [named]);
        const { headers } = await at.ask('/', { 'x-user': 'ada' });
        expect(headers['cache-status'], String(handler)).to.include('unkeyed-read');
      }
    });

    it('notices that what a visitor sent, or got from middleware, is shown as text', async () => {
      const users = login((_req, user, locals) => Object.assign(locals, { user }));
      const handlers: Handler[] = [
        (req, res) => void res.send(inspect(req.headers)),
        (req, res) => void res.send(format('%O', req.headers)),
        (_req, res) => void res.send(inspect(res.locals)),
      ];
      for (const handler of handlers) {
        const at = await stand(handler, {}, [users]);
        const { headers, body } = await at.ask('/', { 'x-user': 'ada' });
        expect(headers['cache-status'], String(handler)).to.include('unkeyed-read');
        expect(body).to.match(/user'?: 'ada'/);
      }
    });

    it('lets a handler change headers and locals', async () => {
      const at = await stand((req, res) => {
        req.headers['x-own'] = 'a';
        Object.assign(res.locals, { own: 'b', gone: 'c' });
        Object.defineProperty(res.locals, 'fixed', { enumerable: true, value: 'd' });
        Reflect.deleteProperty(res.locals, 'gone');
        res.send([Object.hasOwn(req.headers, 'x-own'), Object.entries(res.locals)].join());
      });
      expect((await at.ask()).body).to.equal('true,own,b,fixed,d');
    });

    it('stores an answer whose handler reads and appends fields of its own', async () => {
      const constant: Handler = (_req, res, next) => {
        res.set({ 'X-Frame-Options': 'DENY', Vary: 'Origin' });
        next();
      };
      const at = await stand(
        (_req, res) => {
          res.set('X-Frame-Options', 'SAMEORIGIN').append('Link', '</a>').vary('Accept-Language');
          res.send([res.get('x-frame-options'), res.get('link'), res.get('vary')].join());
        },
        {},
        [constant],
      );
      for (let i = 0; i < 2; i++) {
        const { headers, body } = await at.ask();
        expect(body).to.equal('SAMEORIGIN,</a>,Origin, Accept-Language');
        expect(headers['x-frame-options']).to.equal('SAMEORIGIN');
      }
      expect(at.runs).to.equal(1);
    });

    it('lets key cover the body that middleware above made', async () => {
      const bodies = login((req, user) => {
        req.body = { user };
      });
      const userIn = (req: Request): string => (req.body as { user: string }).user;
      const at = await stand(saying(userIn), { key: userIn }, [bodies]);
      for (const user of ['ada', 'bob', 'ada', 'bob'])
        expect((await at.ask('/', { 'x-user': user })).body).to.equal(`for ${user}`);
      expect(at.runs).to.equal(2);
    });

    it('notices a read of what the application added to all requests', async () => {
      const users = new WeakMap<object, string>();
      const at = await stand(saying(userOf), {}, [login((req, user) => users.set(req, user))]);
      Object.defineProperty(at.app.request, 'user', {
        get(this: object) {
          return users.get(this);
        },
      });
      expect((await at.ask('/', { 'x-user': 'ada' })).body).to.equal('for ada');
      expect((await at.ask()).body).to.equal('for a guest');
    });

    it('lets key cover a property whose reads cannot be noticed', async () => {
      const at = await stand(saying(userOf), { key: (req) => userOf(req) as string }, [
        login((req, user) => Object.defineProperty(req, 'user', { get: () => user })),
      ]);
      for (const user of ['ada', 'bob', 'ada', 'bob'])
        expect((await at.ask('/', { 'x-user': user })).body).to.equal(`for ${user}`);
      expect(at.runs).to.equal(2);
    });

    it('notices a read of what a connection knows of its visitor', async () => {
      const certificate: Handler = (req, _res, next) => {
        Object.assign(req.socket, { getPeerCertificate: () => ({ subject: { CN: 'ada' } }) });
        next();
      };
      const reads: ((req: Request) => unknown)[] = [
        (req) => (req.socket as never as { getPeerCertificate(): object }).getPeerCertificate(),
        (req) => req.socket.localPort,
        (req) => (req.socket.address() as AddressInfo).port,
      ];
      for (const read of reads) {
        const at = await stand(saying(read), {}, [certificate]);
        expect((await at.ask()).headers['cache-status'], String(read)).to.include('unkeyed-read');
      }
    });

    it('notices it, too, when a client sends requests without waiting for answers', async () => {
      let first: () => void = () => {};
      const isFirstDone = new Promise<void>((resolve) => {
        first = resolve;
      });
      const at = await stand(async (req, res) => {
        if (req.path === '/slow') res.once('finish', first).send('slow');
        else if (req.path === '/late') {
          await isFirstDone;
          res.send(`for ${req.socket.remotePort}`);
        } else res.send('x');
      });
      const { port } = new URL(at.origin);
      const client = connect(Number(port), '127.0.0.1');
      const lines = ['/slow', '/late', ...Array.from({ length: 200 }, (_, i) => `/${i}`)];
      client.end(lines.map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''));
      const answers = String(await text(client))
        .split('HTTP/1.1 200 OK')
        .slice(1);
      expect(answers.length).to.equal(lines.length);
      expect(answers[1]).to.match(/unkeyed-read[\s\S]*for \d+$/);
      expect((await at.ask('/late', { host: 'h' })).headers['cache-status']).to.not.include('hit');
    });

    it('stores the answer of a handler that sets what it reads itself', async () => {
      const at = await stand((req, res) => {
        Object.assign(req, { product: 'tea' });
        res.locals.title = 'Tea';
        res.locals = { ...res.locals, price: 1 };
        res.send(`${(req as Request & { product: string }).product} ${res.locals.price}`);
      });
      for (let i = 0; i < 2; i++) expect((await at.ask()).body).to.equal('tea 1');
      expect(at.runs).to.equal(1);
    });

    it('does not take what Node reads for a read of the handler, and passes on what upgrades', async () => {
      const at = await stand(async (req, res) => {
        // Node reads `req.upgrade` when it has parsed the request, which may be after the handler began.
        const { upgrade } = req as Request & { upgrade: boolean };
        await pause(5);
        res.send(`upgrade: ${upgrade}`);
      });
      for (let i = 0; i < 3; i++) expect((await at.ask()).body).to.equal('upgrade: false');
      expect(at.runs).to.equal(1);
      const upgrading = { connection: 'upgrade', upgrade: 'websocket' };
      const { headers } = await at.ask('/', upgrading);
      expect(headers['cache-status']).to.include('detail=stream');
      expect(at.runs).to.equal(2);
    });

    it('keeps hosts, paths and protocols apart, whatever a client writes into them', async () => {
      const at = await stand(
        (req, res) => void res.send(`${req.protocol} ${req.hostname} ${req.path}`),
        { vary: 'x-none' },
      );
      at.app.set('trust proxy', true);
      const visits: [string, Record<string, string>][] = [
        ['/b/c', { host: 'a' }],
        ['/c', { host: 'a/b' }],
        ['/c', { host: 'a/b/' }],
        ['//other/x', { host: 'hhttp:' }],
        ['http://other/x', { host: 'h' }],
        ['/', { host: 'ab' }],
        ['/', { host: 'ab', 'x-forwarded-host': 'a' }],
        ['/', { host: 'a,b' }],
        ['/', { host: 'b', 'x-forwarded-host': 'a' }],
        ['/x', { host: 'a', 'x-forwarded-proto': 'http://a' }],
        ['/a/x', { host: '', 'x-forwarded-proto': 'http://a' }],
      ];
      const first: string[] = [];
      for (const [path, headers] of visits) first.push((await at.ask(path, headers)).body);
      expect(at.runs).to.equal(visits.length);
      for (const [i, [path, headers]] of visits.entries()) {
        const { body, headers: got } = await at.ask(path, headers);
        expect(got['cache-status'], JSON.stringify([path, headers])).to.include('hit');
        expect(body).to.equal(first[i]);
      }
    });

    it('answers every method at an address with a name of the cache in it', async () => {
      const at = await stand((req, res) => void res.send(`${req.method} ${at.runs}`));
      const path = '/__ech:tag:x';
      for (let i = 0; i < 2; i++) expect((await at.ask(path)).body).to.equal('GET 1');
      expect((await at.ask(path, {}, 'HEAD')).status).to.equal(200);
      expect((await at.ask(path, {}, 'POST')).body).to.equal('POST 2');
      expect((await at.ask(path)).body).to.equal('GET 3');
    });

    it('answers a request whose tags cannot be', async () => {
      const options = { tags: (req: Request) => [`path:${req.path}`] };
      const at = await stand((req, res) => void res.send(req.method), options);
      for (const path of [`/${'x'.repeat(300)}`, '/__ech:x']) {
        for (const method of ['GET', 'HEAD', 'POST']) {
          const { status, headers } = await at.ask(path, {}, method);
          expect([method, status]).to.deep.equal([method, 200]);
          if (method !== 'POST')
            expect(headers['cache-status']).to.include('fwd=bypass; detail=invalid-tags');
        }
      }
      const wrong = await stand((_req, res) => void res.send('x'), {
        tags: (() => 'products') as never,
      });
      expect((await wrong.ask()).body).to.include('must be an array of tags');
    });

    it('is made again when a value changed whose key is an address', async () => {
      const key = 'http://rates.example/eur';
      const at = await stand(async (req, res) => {
        res.json(await req.cache.getOrSet(key, () => 1));
      });
      for (let i = 0; i < 2; i++) expect((await at.ask()).body).to.equal('1');
      await at.cache.set(key, 2);
      expect((await at.ask()).body).to.equal('2');
      expect(at.runs).to.equal(2);
    });

    it('answers when it is mounted twice, for all and for a route', async () => {
      const at = await stand((_req, _res, next) => void next());
      const inner = responseCache();
      at.app.get('/twice', inner, (_req, res) => void res.send(`run ${at.runs}`));
      const answers = await Promise.all([at.ask('/twice'), at.ask('/twice')]);
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect((await at.ask('/twice')).status).to.equal(200);
    });

    it('does not store an answer with trailers that it did not announce', async () => {
      const at = await stand((_req, res) => {
        res.write('x');
        res.addTrailers({ 'X-Sum': '1' });
        res.end();
      });
      for (let i = 0; i < 2; i++) await at.ask();
      expect(at.runs).to.equal(2);
      expect(at.route.counts().notStored).to.deep.equal({ trailer: 2 });
    });
  });
}

describe('a purge of addresses', () => {
  it('leaves out those with a host that is none, and purges the others', async () => {
    const asked: unknown[] = [];
    const edge = createServer((req, res) => {
      asked.push([req.headers.host, req.url]);
      res.end();
    });
    await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
    const { port } = edge.address() as AddressInfo;
    const names = ['http://a b/x', 'http://shop.example/products/1', 'http:///'];
    const { signal } = new AbortController();
    const { purge } = nginx({ url: `http://127.0.0.1:${port}`, secret: 'not-one' });
    const reply = await purge({ names, isSoft: false, signal });
    edge.close();
    expect(reply).to.deep.equal({ kind: 'accepted' });
    expect(asked).to.deep.equal([['shop.example', '/products/1']]);
  });
});
