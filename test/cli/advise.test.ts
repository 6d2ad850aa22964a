import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { advise } from '../../lib/cli/advise.js';
import { type Cache, createCache, type HealthOptions, healthRouter } from '../../lib/index.js';

describe('npx express-cache-health advise', () => {
  const servers: Server[] = [];
  const caches: Cache[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
  });

  async function listen(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  }

  async function shop(options: HealthOptions = {}, observe: string[] | null = ['product:']) {
    const freshness = observe === null ? undefined : { observe };
    const cache = createCache({ redis: false, logger: false, name: 'shop', ttl: 1, freshness });
    caches.push(cache);
    for (let i = 0; i < 300; i++) {
      await cache.getOrSet('product:7', () => Math.floor(i / 10));
      if (i % 3 === 0) await new Promise(setImmediate);
    }
    const router = healthRouter({ cache, ui: true, ...options });
    return listen(express().use('/health', router));
  }

  it('shows what a running process has learned', async () => {
    const { text, exitCode } = await advise(['advise', await shop()]);
    expect(text).to.match(/^shop on .+, pid \d+, express-cache-health \d/);
    expect(text).to.match(/^product: {2}300 reads, \d\.\d{3} loads per read, .+; observes$/m);
    expect(text).to.match(/^ {2}(Wait|No evidence|Give|Let)/m);
    expect(exitCode).to.equal(0);
  });

  it('accepts the address of the page, several addresses, and prints JSON', async () => {
    const [one, two] = [await shop(), await shop()];
    const { text } = await advise(['advise', `${one}/`, `${two}/ui/`, '--json']);
    const found = JSON.parse(text);
    expect(found.map(({ name }: { name: string }) => name)).to.deep.equal(['shop', 'shop']);
    expect(found[0].groups[0]).to.include({ group: 'product:', reads: 300, target: 0.01 });
  });

  it('passes headers on, and credentials to their own address alone', async () => {
    const authorize: HealthOptions['authorize'] = (req) =>
      req.headers.authorization === `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    const gated = await shop({ details: 'authorized', authorize });
    expect(await advise(['advise', gated])).to.deep.include({ exitCode: 1 });
    const signed = gated.replace('//', '//ann:s3cret@');
    expect(await advise(['advise', signed])).to.deep.include({ exitCode: 0 });
    const header = `authorization: Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    expect(await advise(['advise', gated, '--header', header])).to.deep.include({ exitCode: 0 });
    const both = await advise(['advise', signed, gated]);
    expect(both.exitCode).to.equal(1);
    expect(both.text).to.not.include('s3cret');
  });

  it('says what to do when there is nothing to show', async () => {
    const cases: [string, RegExp][] = [
      [await shop({ ui: false }), /There is no http.*healthRouter\(\{ ui: true \}\)/],
      [await shop({}, null), /watches no keys\. Write createCache\(\{ freshness/],
      [await listen((_, res) => res.end('<html>')), /answers something else/],
      [await listen((_, res) => res.end('{"freshness":[7]}')), /answers something else/],
      [await listen((_, res) => res.writeHead(401).end()), /answers 401\..*--header/],
      [
        await listen((_, res) => res.writeHead(302, { location: '/' }).end()),
        /does not answer: .*redirect/,
      ],
      ['http://127.0.0.1:1/health', /does not answer: .*Is it running\?/],
      ['localhost:3000', /no address\. Write it as http:/],
    ];
    for (const [address, expected] of cases) {
      const { text, exitCode } = await advise(['advise', address]);
      expect(text).to.match(expected);
      expect([address, exitCode]).to.deep.equal([address, 1]);
    }
  });

  it('shows how it is called when it was called wrongly', async () => {
    for (const args of [[], ['help'], ['advise'], ['advise', 'http://a', '--nothing']]) {
      const { text, exitCode } = await advise(args);
      expect(text).to.include('Usage: npx express-cache-health advise');
      expect(exitCode).to.equal(2);
    }
    const wrong = await advise(['advise', 'http://a', '--header', 'nothing']);
    expect(wrong.text).to.include("--header must be 'name: value'");
    expect((await advise(['--help'])).exitCode).to.equal(0);
  });

  it('lets no process write to the terminal what it obeys', async () => {
    const freshness = [
      { group: 'a\u001b[2J', lifetimes: [], learned: null, stale: null, audits: {} },
    ];
    const body = JSON.stringify({ instance: 'x', pid: 1, version: '1', cache: null, freshness });
    const { text } = await advise(['advise', await listen((_, res) => res.end(body))]);
    expect(text).to.include('a?[2J');
  });
});
