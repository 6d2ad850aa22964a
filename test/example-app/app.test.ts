import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Example } from './example.js';
import { PostgresServer } from './postgres-server.js';

describe('the example app', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let postgres: PostgresServer;

  before(async () => {
    redis = await RedisServer.start();
    postgres = await PostgresServer.start();
  });

  after(async () => {
    await Example.stopAll();
    await redis?.stop();
    await postgres?.stop();
  });

  describe('on its embedded database', () => {
    let example: Example;

    before(async () => {
      example = await Example.start({ REDIS_URL: redis.url, QUERY_DELAY_MS: '20' });
    });

    after(() => example?.stop());

    it('says where it is, which database and Redis it has, and what to try', () => {
      expect(example.output).to.match(/^ {2}database {2}PostgreSQL embedded/m);
      expect(example.output).to.include(`Redis at 127.0.0.1:${redis.port} (REDIS_URL)`);
      expect(example.output.match(/^ {2}curl /gm)).to.have.length(4);
    });

    it('lists sixty products, the same for every visitor', async () => {
      const { body } = await request('/products');
      expect(body).to.have.length(60);
      expect(body[0]).to.include({ id: 1, sku: 'BEV-001', name: 'Espresso', stock: 500 });
      expect(new Set(body.map(({ sku }: { sku: string }) => sku)).size).to.equal(60);
    });

    it('says where an answer came from', async () => {
      expect((await request('/products/7')).origin).to.equal('express-cache-health; fwd=miss');
      expect((await request('/products/7')).origin).to.equal(
        'express-cache-health; hit; detail=redis',
      );
    });

    it('refuses an id that is none, and knows which products there are not', async () => {
      expect(await request('/products/abc')).to.deep.include({
        status: 400,
        body: { error: "a product id is a whole number from 1, got 'abc'" },
      });
      expect(await request('/products/999')).to.deep.include({
        status: 404,
        body: { error: 'there is no product 999' },
      });
      expect((await request('/nowhere')).status).to.equal(404);
    });

    it('changes a price, and shows it at once, alone and in the list', async () => {
      await request('/products');
      await request('/products/9');
      const changed = await put('/products/9/price', '{"price": 4.99}');
      expect(changed.status).to.equal(200);
      expect(changed.body).to.include({ id: 9, price: 4.99 });
      expect((await request('/products/9')).body).to.deep.equal(changed.body);
      expect((await request('/products')).body[8]).to.deep.equal(changed.body);
    });

    for (const wrong of ['{"price": "4.99"}', '{"price": -1}', '{"price": 0.001}', '{}', '[', '']) {
      it(`refuses ${wrong || 'an empty body'} as a price`, async () => {
        const answer = await put('/products/9/price', wrong);
        expect(answer.status).to.equal(400);
        expect(answer.body.error).to.be.a('string');
      });
    }

    it('knows no price of a product that there is not', async () => {
      expect((await put('/products/999/price', '{"price": 4.99}')).status).to.equal(404);
    });

    it('has a page at /, of plain HTML and a script', async () => {
      const page = await fetch(`${example.url}/`);
      expect([page.status, page.headers.get('content-type')]).to.deep.equal([
        200,
        'text/html; charset=utf-8',
      ]);
      const html = await page.text();
      const files = [...html.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, file]) => file);
      expect(files).to.deep.equal(['page.css', 'page.js', 'health/ui', 'metrics']);
      for (const file of files)
        expect((await fetch(`${example.url}/${file}`)).status).to.equal(200);
    });

    it('does not break a Redis that is not its own', async () => {
      expect((await request('/redis')).body).to.deep.equal({ state: 'foreign' });
      const answer = await ask(example, '/redis/kill', { method: 'POST' });
      expect(answer.status).to.equal(409);
      expect(answer.body.error).to.include('REDIS_URL=private npm start');
      expect(await redis.command('PING')).to.equal('PONG');
    });

    const request = (path: string) => ask(example, path);
    const put = (path: string, body: string) => {
      return ask(example, path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body,
      });
    };
  });

  describe('on a database server', () => {
    it('keeps prices when it is started again, and shows the password nowhere', async () => {
      const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
      const first = await Example.start(env);
      await redis.command('FLUSHALL');
      const init = { method: 'PUT', headers: { 'content-type': 'application/json' } };
      await ask(first, '/products/3/price', { ...init, body: '{"price": 1.23}' });
      await first.stop();
      const second = await Example.start(env);
      expect((await ask(second, '/products/3')).body).to.include({ price: 1.23 });
      await second.stop();
      expect(second.output).to.match(/PostgreSQL at 127\.0\.0\.1:\d+ \(DATABASE_URL\)/);
      expect(first.output + second.output).not.to.include('s3cret');
    });

    it('serves what is cached while the database is away, and says that it is', async () => {
      const example = await Example.start({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
      const statusOf = async (path: string) => (await ask(example, path)).status;
      await ask(example, '/products/5');
      await postgres.goAway();
      await until(async () => (await statusOf('/health')) === 503, '/health tells');
      expect(await statusOf('/health/ready')).to.equal(503);
      expect(await statusOf('/health/live')).to.equal(200);
      expect(await ask(example, '/products/5')).to.deep.include({
        status: 200,
        origin: 'express-cache-health; hit; detail=redis',
      });
      expect(await statusOf('/products/6')).to.equal(500);
      await postgres.comeBack();
      await until(async () => (await statusOf('/health')) === 200, 'the database is back');
      expect(await statusOf('/products/6')).to.equal(200);
      await example.stop();
      expect(example.output).not.to.include('s3cret');
    });
  });

  describe('and its Redis', () => {
    // A database that is there already starts faster than the embedded one.
    const start = (env: NodeJS.ProcessEnv) => Example.start({ DATABASE_URL: postgres.url, ...env });

    it('starts without one, and says so', async () => {
      const example = await start({ REDIS_URL: 'redis://127.0.0.1:1' });
      expect(example.output).to.match(/^ {2}cache {5}Redis \(\S+\) is not used since/m);
      expect((await ask(example, '/products/1')).status).to.equal(200);
      expect((await ask(example, '/products/1')).origin).to.equal(
        'express-cache-health; hit; detail=memory',
      );
      expect((await ask(example, '/health')).body.status).to.equal('degraded');
      expect(await example.stop()).to.equal(0);
    });

    it('starts without a redis-server that can be found or installed, and says what to type', async function () {
      const nowhere = { PATH: '/nowhere' };
      if (await findsRedisServer(nowhere)) this.skip(); // beyond the PATH, as with Homebrew
      const example = await start({ REDIS_URL: 'private', ...nowhere });
      expect(example.output).to.match(/apt-get install .*redis-server/);
      expect(example.output).to.match(
        /^ {2}redis {5}none; the app watches redis:\/\/localhost:6379/m,
      );
      expect((await ask(example, '/products/1')).status).to.equal(200);
      expect(await example.stop()).to.equal(0);
    });

    it('lets its own page alone break its private one', async () => {
      const example = await start({ REDIS_URL: 'private' });
      const { host } = new URL(example.url);
      const post = (action: string, headers: Record<string, string> = {}): Promise<number> =>
        statusOf(`${example.url}/redis/${action}`, headers);
      const state = async () => (await ask(example, '/redis')).body.state;
      const own = { origin: `http://${host}` };
      expect(await post('kill', { origin: 'http://evil.example' })).to.equal(403);
      expect(await post('kill', { origin: 'null' })).to.equal(403);
      expect(await post('kill', { host: 'evil.example' })).to.equal(403);
      expect(await post('flushall', own)).to.equal(404);
      expect(await state()).to.equal('running');
      for (const [action, expected] of [
        ['freeze', 'frozen'],
        ['freeze', 'frozen'],
        ['kill', 'stopped'],
        ['kill', 'stopped'],
        ['freeze', 'stopped'],
        ['start', 'running'],
        ['start', 'running'],
      ] as const) {
        expect(await post(action, own), action).to.equal(200);
        expect(await state(), action).to.equal(expected);
      }
      await Promise.all(['kill', 'start', 'start'].map((action) => post(action, own)));
      expect(await post('freeze')).to.equal(200);
      expect(await example.stop()).to.equal(0);
    });

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`starts a private one, and ends it on ${signal}`, async () => {
        const example = await start({ REDIS_URL: 'private' });
        const pid = Number(example.privateRedis.pid);
        expect(isAlive(pid)).to.equal(true);
        expect(await example.stop(signal)).to.equal(0);
        await until(() => !isAlive(pid), 'the private Redis is gone');
      });
    }
  });

  it('says which setting is wrong', async () => {
    const output = await refusal({ PORT: 'http' });
    expect(output).to.include("PORT must be a whole number from 0 to 65535, got 'http'.");
  });

  it('says that its port is in use, and how to take another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const output = await refusal({ PORT: `${port}` });
    other.close();
    expect(output).to.match(new RegExp(`^Port ${port} is in use. .* PORT=0 npm start$`, 'm'));
    expect(output).to.not.include('    at ');
  });
});

interface Answer {
  readonly status: number;
  readonly origin: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at field by field
  readonly body: any;
}

/** What is printed by an example that does not start. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    await Example.start(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the example started');
}

async function ask(example: Example, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${example.url}${path}`, init);
  const { status, headers } = response;
  return { status, origin: headers.get('cache-status'), body: await response.json() };
}

/** A POST with headers that `fetch` does not let through. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

async function findsRedisServer(env: NodeJS.ProcessEnv): Promise<boolean> {
  const script = pathToFileURL(join(__dirname, '../../../scripts/redis-server.mjs')).href;
  const code = `import { findRedisServer } from '${script}'; console.log(findRedisServer() !== undefined)`;
  const args = ['--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout.trim() === 'true';
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
