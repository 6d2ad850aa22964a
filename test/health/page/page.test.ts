import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { buildHealthRouter } from '../../../lib/health/http/health-router.js';
import { parseHealthOptions } from '../../../lib/health/options.js';
import { ASSETS } from '../../../lib/health/page/assets.js';
import { EventLog } from '../../../lib/health/page/event-log.js';
import type { HealthOptions } from '../../../lib/health/types.js';
import { createCache } from '../../../lib/index.js';
import { ManualClock } from '../../support/manual-clock.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON is looked at field by field
type Json = any;

describe('the live page', () => {
  const servers: Server[] = [];
  const clock = new ManualClock();
  const cache = createCache({ redis: false, logger: false, name: 'shop' });
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  after(() => cache.close());

  function serve(options: HealthOptions, mount = '/health'): Server {
    const router = buildHealthRouter(parseHealthOptions({ cache, ...options }), clock);
    const app = mount === '' ? express().use(router) : express().use(mount, router);
    const server = createServer(app).listen(0, '127.0.0.1');
    servers.push(server);
    return server;
  }

  async function portOf(server: Server): Promise<number> {
    if (server.address() === null) await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function snapshotOf(server: Server): Promise<Json> {
    return (await request(server).get('/health/ui/snapshot').expect(200)).body;
  }

  it('is not there unless it is switched on', async () => {
    const server = serve({});
    for (const path of ['/ui', '/ui/', '/ui/snapshot', '/ui/events', '/ui/page.mjs']) {
      await request(server).get(`/health${path}`).expect(404);
    }
    const atRoot = serve({}, '');
    await request(atRoot)
      .get('/ui')
      .expect(404)
      .expect(/Cannot GET/);
  });

  it('is under every path where the router is mounted', async () => {
    for (const mount of ['/health', '/deep/er']) {
      const server = serve({ ui: true }, mount);
      const moved = await request(server).get(`${mount}/ui?token=1`).expect(302);
      expect(moved.headers.location).to.equal('ui/?token=1');
      await request(server)
        .get(`${mount}/ui/`)
        .expect(200)
        .expect('content-type', /text\/html/);
    }
  });

  it('serves each of its files with a strict policy, and none beside', async () => {
    const server = serve({ ui: true });
    for (const [name, { type, text }] of ASSETS) {
      const got = await request(server).get(`/health/ui/${name}`).buffer(true).expect(200);
      expect(got.headers['content-type']).to.equal(type);
      expect(got.headers['cache-control']).to.equal('no-store');
      expect(got.headers['content-security-policy']).to.match(
        /^default-src 'none'; script-src 'self';/,
      );
      expect(got.headers['content-security-policy']).to.include("frame-ancestors 'none'");
      expect(Number(got.headers['content-length'])).to.equal(Buffer.byteLength(text));
    }
    for (const path of ['/ui/other.js', '/ui/a/b', '/ui/__proto__', '/ui/constructor']) {
      await request(server).get(`/health${path}`).expect(404);
    }
    await request(server).head('/health/ui/').expect(200);
    await request(server).post('/health/ui/').expect(404);
  });

  it('has nothing inline, nothing foreign, and makes no element from text', () => {
    for (const [name, { text }] of ASSETS) {
      expect(text, name).to.not.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
      expect(text, name).to.not.match(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
    }
    expect(ASSETS.get('index.html')?.text).to.not.match(/ style=| on\w+=|<script[^>]*>[^<]/);
  });

  it('is made of the files in browser/', () => {
    const folder = 'lib/health/page/browser';
    const files = readdirSync(folder).map((name) => [
      name,
      readFileSync(`${folder}/${name}`, 'utf8'),
    ]);
    expect([...ASSETS].map(([name, { text }]) => [name, text])).to.deep.equal(files.sort());
  });

  it('is hidden from those who may not see details', async () => {
    await request(serve({ ui: true, details: false }))
      .get('/health/ui/')
      .expect(404);
    const gated = serve({
      ui: true,
      details: 'authorized',
      authorize: (req) => req.headers.authorization === 'yes',
    });
    for (const path of ['/ui', '/ui/', '/ui/page.mjs', '/ui/snapshot', '/ui/events']) {
      await request(gated).get(`/health${path}`).expect(404);
    }
    await request(gated).get('/health/ui/snapshot').set('authorization', 'yes').expect(200);
    const broken = serve({
      ui: true,
      details: 'authorized',
      authorize: () => Promise.reject(new Error('no')),
    });
    await request(broken).get('/health/ui/').expect(404);
  });

  it('says what is wrong, in sentences', async () => {
    const database = (): never => {
      throw new Error('no route');
    };
    const data = await snapshotOf(serve({ ui: true, database }));
    expect(data.status).to.equal('error');
    expect(data.what).to.match(/^The check database is down\./);
    expect(data.checks[0]).to.include({ name: 'database', status: 'down' });
    const well = await snapshotOf(serve({ ui: true, database: () => true }));
    expect(well).to.include({ status: 'ok' });
    expect(well.what).to.match(/^Every check is up\. Memory alone serves/);
  });

  it('shows the cache, an unlimited limit as null, and no key or value', async () => {
    await cache.set('customer:7', 'card-4111');
    const data = await snapshotOf(serve({ ui: true }));
    expect(data.cache).to.include({ name: 'shop', status: 'up' });
    expect(data.cache.loads.limit).to.equal(null);
    expect(JSON.stringify(data)).to.not.match(/customer:7|card-4111/);
  });

  it('shows shards, the near tier and the edge, where the status has them', async () => {
    expect(await snapshotOf(serve({ ui: true }))).to.deep.include({ parts: [] });
    const shard = { address: '10.0.0.1:6379', slots: '0-5460', state: 'closed' };
    const parts = {
      shards: [shard, { ...shard, state: 'open', reason: 'timeout', deep: { x: { y: 1 } } }],
      near: { entries: 7, bounds: { max: 100 } },
      edge: { name: 'varnish', backlog: 2, oldestMs: 1_500, lastError: 'x'.repeat(1_000) },
    };
    const source = { status: () => ({ ...cache.status(), ...parts }) as never };
    const data = await snapshotOf(serve({ ui: true, cache: source }));
    expect(data.parts).to.deep.equal([
      {
        title: 'Shards of Redis',
        columns: ['address', 'slots', 'state', 'reason'],
        rows: [
          ['10.0.0.1:6379', '0-5460', 'closed', ''],
          ['10.0.0.1:6379', '0-5460', 'open', 'timeout'],
        ],
      },
      { title: 'Near tier', columns: ['entries', 'bounds max'], rows: [['7', '100']] },
      {
        title: 'Edge',
        columns: ['name', 'backlog', 'oldest, ms', 'last error'],
        rows: [['varnish', '2', '1500', 'x'.repeat(200)]],
      },
    ]);
    for (const odd of [null, 7, 'x', [null, 1], [], {}]) {
      const status = { ...cache.status(), shards: odd, near: odd, edge: odd } as never;
      const shown = await snapshotOf(serve({ ui: true, cache: { status: () => status } }));
      expect(shown.parts).to.deep.equal([]);
    }
  });

  it('shows what groups of keys teach, and works with a cache that knows nothing of it', async () => {
    expect(await snapshotOf(serve({ ui: true }))).to.deep.include({ freshness: [], parts: [] });
    const freshness = { observe: ['product:'] };
    const watching = createCache({ redis: false, logger: false, freshness });
    await watching.getOrSet('product:7', () => 1);
    const data = await snapshotOf(serve({ ui: true, cache: watching }));
    expect(data.freshness).to.have.length(1);
    const [{ title, columns, rows }] = data.parts;
    expect([title, columns.length]).to.deep.equal(['Freshness', 5]);
    expect(rows[0].slice(0, 4)).to.deep.equal(['product:', 'not audited yet', '1.000', 'observes']);
    expect(rows[0][4]).to.match(/^Wait: 0 loads/);
    await watching.close();
    const [status, metrics] = [() => cache.status(), () => cache.metrics()];
    const older = { status, metrics, on: cache.on.bind(cache) };
    expect((await snapshotOf(serve({ ui: true, cache: older }))).freshness).to.deep.equal([]);
  });

  it('has a history when a person comes: samples, verdicts, changes', async () => {
    let isUp = true;
    const server = serve({ ui: true, database: () => isUp, maxAge: 0 });
    for (let i = 0; i < 3; i++) await clock.advance(15_000);
    isUp = false;
    await clock.advance(15_000);
    const data = await snapshotOf(server);
    expect(data.samples).to.have.length(5);
    expect(data.checks[0].verdicts).to.deep.equal(['up', 'up', 'up', 'down']);
    expect(data.events[0].what).to.match(/^database: up → down/);
    for (let i = 0; i < 130; i++) await clock.advance(15_000);
    const later = await snapshotOf(server);
    expect(later.samples).to.have.length(120);
    expect(later.checks[0].verdicts).to.have.length(20);
  });

  it('works without a cache', async () => {
    const router = buildHealthRouter(parseHealthOptions({ ui: true, database: () => true }), clock);
    const data = (await request(express().use('/health', router)).get('/health/ui/snapshot')).body;
    expect(data).to.include({ status: 'ok', cache: null, now: null, what: 'Every check is up.' });
  });

  describe('its events', () => {
    /** The messages of a stream, and how to leave it. */
    async function open(
      server: Server,
    ): Promise<{ messages: Json[]; leave(): void; code: number }> {
      const port = await portOf(server);
      const controller = new AbortController();
      const response = await fetch(`http://127.0.0.1:${port}/health/ui/events`, {
        signal: controller.signal,
      });
      const messages: Json[] = [];
      void (async () => {
        let text = '';
        for await (const part of response.body ?? []) {
          text += Buffer.from(part).toString();
          const parts = text.split('\n\n');
          text = parts.pop() ?? '';
          messages.push(...parts.map((each) => JSON.parse(each.replace(/^data: /, ''))));
        }
      })().catch(() => {});
      return { messages, leave: () => controller.abort(), code: response.status };
    }

    async function until(isDone: () => boolean): Promise<void> {
      for (let i = 0; i < 1_000 && !isDone(); i++) await new Promise((done) => setTimeout(done, 5));
      expect(isDone()).to.equal(true);
    }

    it('begin with everything, and go on each second', async () => {
      const server = serve({ ui: true });
      const { messages, leave } = await open(server);
      await until(() => messages.length === 1);
      expect(messages[0].samples).to.have.length(1);
      await clock.advance(1_000);
      await until(() => messages.length === 2);
      expect(messages[1]).to.not.have.property('samples');
      leave();
    });

    it('go to twenty clients, and to one more when one has left', async () => {
      const server = serve({ ui: true });
      const opened = [];
      for (let i = 0; i < 20; i++) opened.push(await open(server));
      expect((await open(server)).code).to.equal(503);
      opened[0]?.leave();
      let code = 503;
      for (let i = 0; i < 200 && code === 503; i++) ({ code } = await open(server));
      expect(code).to.equal(200);
    });

    it('end when the service begins to shut down', async () => {
      const router = buildHealthRouter(parseHealthOptions({ ui: true, cache }), clock);
      const server = createServer(express().use('/health', router)).listen(0, '127.0.0.1');
      servers.push(server);
      const port = await portOf(server);
      const response = await fetch(`http://127.0.0.1:${port}/health/ui/events`);
      router.beginShutdown();
      expect(await response.text()).to.match(/^data: /);
      const late = await fetch(`http://127.0.0.1:${port}/health/ui/events`);
      expect(await late.text()).to.match(/^data: /);
    });

    it('are compressed by no middleware, and have no body for HEAD', async () => {
      const server = serve({ ui: true });
      const got = await request(server).head('/health/ui/events').expect(200);
      expect(got.headers['cache-control']).to.equal('no-store, no-transform');
    });

    it('end for a client that never reads, so that another one gets its place', async () => {
      const server = serve({ ui: true });
      const port = await portOf(server);
      let closed = 0;
      server.on('connection', (socket) => {
        socket.on('close', () => closed++);
      });
      const deaf = connect(port, '127.0.0.1');
      deaf.pause();
      deaf.write('GET /health/ui/events HTTP/1.1\r\nHost: x\r\n\r\n');
      deaf.on('error', () => {});
      // Until the buffers of both sides are full, and for half a minute more.
      for (let i = 0; i < 20_000 && closed === 0; i++) await clock.advance(1_000);
      expect(closed).to.equal(1);
      deaf.destroy();
    });
  });

  it('is refused as the name of a check', () => {
    expect(() => parseHealthOptions({ checks: { ui: () => true } })).to.throw(/name of a check/);
    expect(() => parseHealthOptions({ ui: 'yes' })).to.throw(/^ui must be true or false/);
  });
});

describe('the events of the live page', () => {
  it('count what happens again in a row', () => {
    const log = new EventLog();
    log.add(1, 'a');
    log.add(2, 'a', 4);
    log.add(3, 'b');
    log.add(4, 'a');
    expect(log.events).to.deep.equal([
      { at: 4, what: 'a', times: 1 },
      { at: 3, what: 'b', times: 1 },
      { at: 2, what: 'a', times: 5 },
    ]);
  });

  it('are bounded', () => {
    const log = new EventLog();
    for (let i = 0; i < 100; i++) log.add(i, `event ${i}`);
    expect(log.events).to.have.length(40);
    expect(log.events[0]?.what).to.equal('event 99');
  });
});
