import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { PostgresServer } from '../example-app/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const ROOT = join(__dirname, '../../..');
const EXAMPLES = join(ROOT, 'examples');

/** Run elsewhere, because they need packages that this repository does not have. */
const ELSEWHERE = {
  jest: 'test/package/tarball.test.ts',
  nestjs: 'scripts/consumers/projects.mjs',
};

/** A running example. Its first line says where it listens. */
class Running {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly url: string;

  private constructor(child: ChildProcessByStdio<null, Readable, null>, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(folder: string, env: NodeJS.ProcessEnv): Promise<Running> {
    const { NODE_V8_COVERAGE: _, ...inherited } = process.env;
    const child = spawn(process.execPath, ['app.js'], {
      cwd: folder,
      env: { ...inherited, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('http://')) return new Running(child, new URL(line).origin);
    }
    throw new Error(`${folder} ended without listening`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at field by field
  async ask(path: string, init?: RequestInit): Promise<{ status: number; body: any }> {
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** How it ends on SIGTERM. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    return this.#child.exitCode;
  }
}

describe('the examples', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let postgres: PostgresServer;
  let workplace: string;
  let running: Running | undefined;

  before(async () => {
    redis = await RedisServer.start();
    postgres = await PostgresServer.start();
    workplace = await mkdtemp(join(tmpdir(), 'examples-'));
  });

  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await redis.command('FLUSHALL');
  });

  after(async () => {
    await redis?.stop();
    await postgres?.stop();
    if (workplace !== undefined) await rm(workplace, { recursive: true, force: true });
  });

  /** A copy of the project beside the packages that it names, as `npm install` would leave it. */
  async function start(name: string): Promise<Running> {
    const folder = join(workplace, name);
    await cp(join(EXAMPLES, name), folder, { recursive: true });
    const modules = join(folder, 'node_modules');
    await mkdir(modules, { recursive: true });
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const [dependency, version] of Object.entries<string>(dependencies)) {
      await symlink(installed(dependency, version), join(modules, dependency));
    }
    running = await Running.start(folder, { REDIS_URL: redis.url, DATABASE_URL: postgres.url });
    return running;
  }

  async function untilHealthy(example: Running): Promise<void> {
    await until(async () => {
      const { body } = await example.ask('/health');
      return body.status === 'ok';
    }, 'it is healthy');
  }

  it('are all listed in their README, and run by a test', () => {
    const folders = readdirSync(EXAMPLES, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| \[([\w-]+)\]/gm)].map(([, name]) => name);
    expect(listed.toSorted()).to.deep.equal(folders.toSorted());
    const own = readFileSync(join(ROOT, 'test/examples/examples.test.ts'), 'utf8');
    for (const folder of folders) {
      const place = ELSEWHERE[folder as keyof typeof ELSEWHERE];
      const text = place === undefined ? own : readFileSync(join(ROOT, place), 'utf8');
      expect(text, folder).to.match(new RegExp(`['/]${folder}'`));
    }
  });

  it('express-5-pg: caches a product, shows a change at once, and ends in order', async () => {
    const example = await start('express-5-pg');
    await untilHealthy(example);
    const espresso = { id: 1, name: 'Espresso', cents: 240 };
    expect(await example.ask('/products/1')).to.deep.equal({ status: 200, body: espresso });
    expect((await example.ask('/products/1')).body).to.deep.equal(espresso);
    expect((await example.ask('/products/2')).status).to.equal(404);
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' } };
    await example.ask('/products/1', { ...put, body: '{"cents": 499}' });
    expect((await example.ask('/products/1')).body.cents).to.equal(499);
    const { metrics } = (await example.ask('/health')).body.details.cache;
    expect(metrics).to.include({ hits: 1, misses: 3, deletes: 1 });
    expect(await example.stop()).to.equal(0);
  });

  it('tags: removes what was made of a category, and the rest stays', async () => {
    const example = await start('tags');
    await untilHealthy(example);
    const get = async (id: number): Promise<unknown> => (await example.ask(`/products/${id}`)).body;
    for (const id of [1, 2, 3]) await get(id);
    expect(await get(1)).to.deep.equal({ id: 1, name: 'Espresso', category: 'Coffee', loads: 3 });
    const json = { 'content-type': 'application/json' };
    const put = { method: 'PUT', headers: json, body: '{"name": "Kaffee"}' };
    expect((await example.ask('/categories/1', put)).body).to.deep.equal({ result: 'applied' });
    expect(await get(3)).to.include({ category: 'Tea' });
    expect(await get(1)).to.include({ category: 'Kaffee', loads: 4 });
    expect(await get(2)).to.include({ category: 'Kaffee', loads: 5 });
    await example.ask('/import', { method: 'POST' });
    expect(await get(3)).to.include({ category: 'Tea', loads: 6 });
  });

  it('express-4-commonjs: caches, and survives a loader that throws', async () => {
    const example = await start('express-4-commonjs');
    await untilHealthy(example);
    expect(await example.ask('/prices/espresso')).to.deep.equal({ status: 200, body: 240 });
    expect(await example.ask('/prices/espresso')).to.deep.equal({ status: 200, body: 240 });
    expect(await example.ask('/prices/tea')).to.deep.equal({
      status: 404,
      body: { error: 'there is no tea' },
    });
    expect((await example.ask('/health')).body.details.cache.metrics).to.include({ hits: 1 });
  });

  it('health-only: tells that the database is down', async () => {
    const example = await start('health-only');
    await untilHealthy(example);
    expect((await example.ask('/health')).body.details).to.have.all.keys('database', 'eventLoop');
    await example.ask('/break', { method: 'POST' });
    await until(async () => (await example.ask('/health/ready')).status === 503, 'it says so');
    expect((await example.ask('/health/live')).status).to.equal(200);
    expect(await example.stop()).to.equal(0);
  });

  it('tenants: keeps tenants apart, also when one of them is cleared', async () => {
    const example = await start('tenants');
    await untilHealthy(example);
    const as = (tenant: string, method = 'GET') => ({ method, headers: { 'x-tenant': tenant } });
    const loadsOf = async (tenant: string): Promise<number> => {
      const { body } = await example.ask('/customers', as(tenant));
      expect(body.customers).to.deep.equal([`the first customer of ${tenant}`]);
      return body.loads;
    };
    expect([await loadsOf('acme'), await loadsOf('globex')]).to.deep.equal([1, 2]);
    expect([await loadsOf('acme'), await loadsOf('globex')]).to.deep.equal([2, 2]);
    await example.ask('/cache', as('acme', 'DELETE'));
    expect([await loadsOf('globex'), await loadsOf('acme')]).to.deep.equal([2, 3]);
    expect([await loadsOf('*'), await loadsOf('acme')]).to.deep.equal([4, 4]);
    await example.ask('/cache', as('*', 'DELETE'));
    expect([await loadsOf('acme'), await loadsOf('globex')]).to.deep.equal([4, 4]);
    const refused = await fetch(`${example.url}/customers`, as(''));
    expect(refused.status).to.equal(400);
  });

  it('response-cache: renders once for all, once for each visitor, and always what reads a cookie', async () => {
    const example = await start('response-cache');
    await untilHealthy(example);
    const german = { headers: { 'accept-language': 'de' } };
    const home = [await example.ask('/', german), await example.ask('/', german)];
    expect(home.map(({ body }) => body)).to.deep.equal(
      Array(2).fill({ greeting: 'Guten Tag', renderings: 1 }),
    );
    const english = { headers: { 'accept-language': 'en' } };
    expect((await example.ask('/', english)).body.greeting).to.equal('Good day');
    const mine = (visitor: string) => example.ask('/mine', { headers: { 'x-visitor': visitor } });
    expect((await mine('ada')).body).to.deep.equal({ visitor: 'ada', renderings: 3 });
    expect((await mine('bob')).body).to.deep.equal({ visitor: 'bob', renderings: 4 });
    expect((await mine('ada')).body).to.deep.equal({ visitor: 'ada', renderings: 3 });
    expect((await example.ask('/basket')).body.renderings).to.equal(5);
    const { headers } = await fetch(`${example.url}/basket`);
    expect(headers.get('cache-status')).to.include('detail=unkeyed-read');
  });

  it('cdn: names what an answer was made of, and answers 404 after the delete', async () => {
    const example = await start('cdn');
    await untilHealthy(example);
    let tags: string | null = null;
    const isShared = async (): Promise<boolean> => {
      const { headers } = await fetch(`${example.url}/prices/1`);
      tags = headers.get('surrogate-key');
      return /^public, max-age=0, s-maxage=\d+/.test(headers.get('cache-control') ?? '');
    };
    // On a busy machine the first request may not wait for Redis.
    await until(isShared, 'the CDN may keep it');
    expect(tags).to.match(/^all h\S+ price-1$/);
    expect((await example.ask('/prices/1', { method: 'DELETE' })).status).to.equal(204);
    expect((await example.ask('/prices/1')).status).to.equal(404);
  });

  it('near-cache: answers a hot key from memory, until another process changes it', async () => {
    const example = await start('near-cache');
    await untilHealthy(example);
    const price = async (): Promise<number> => (await example.ask('/prices/1')).body.cents;
    const nearHits = async (): Promise<number> => (await example.ask('/lookups')).body.near;
    const isNear = async (): Promise<boolean> => {
      expect(await price()).to.equal(240);
      return (await nearHits()) > 0;
    };
    await until(isNear, 'memory answers');
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' } };
    const { body } = await example.ask('/prices/1', { ...put, body: '{"cents": 260}' });
    expect(body).to.deep.equal({ result: 'applied' });
    await until(async () => (await price()) === 260, 'the change is seen');
  });

  it('cluster: loads a value once for all processes, and ends in order', async () => {
    const example = await start('cluster');
    await untilHealthy(example);
    const close = { headers: { connection: 'close' } };
    const asked = Array.from({ length: 40 }, () => example.ask('/report', close));
    const reports = (await Promise.all(asked)).map(({ body }) => body);
    expect(new Set(reports.map(({ madeBy }) => madeBy)).size).to.equal(1);
    expect(new Set(reports.map(({ answeredBy }) => answeredBy)).size).to.equal(2);
    expect(await example.stop()).to.equal(0);
  });
});

/** Where a package that an example names lies in this repository. */
function installed(dependency: string, version: string): string {
  if (version.startsWith('file:')) return ROOT;
  const isOld = dependency === 'express' && version.startsWith('^4');
  return join(ROOT, 'node_modules', isOld ? 'express4' : dependency);
}
