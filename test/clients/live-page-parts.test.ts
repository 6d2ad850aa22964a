import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { RequestHandler } from 'express';

import { type Browser, chromium, type Page } from 'playwright-core';
import { type Cache, createCache, healthRouter } from '../../lib/index.js';
import { program } from './programs.js';

const PREFIX = '/ops/pos';
const HOSTILE = '<img src=x onerror="document.title=1">';

describe('the live page of a cache with shards, behind a proxy that cuts a prefix, on Express 4', function () {
  this.timeout(120_000);
  const servers: Server[] = [];
  const complaints: string[] = [];
  let browser: Browser;
  let cache: Cache;
  let page: Page;

  before(async () => {
    const executablePath = await program(
      ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
      'chromium',
    );
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    cache = createCache({ redis: false, logger: false, name: 'shop' });
    const shards = [
      { address: '10.0.0.1:6379', slots: '0-8191', state: 'closed' },
      { address: HOSTILE, slots: '8192-16383', state: 'open', reason: 'timeout' },
    ];
    const edge = { name: 'varnish', backlog: 2, oldestMs: 1_500 };
    const source = Object.create(cache, {
      status: { value: () => ({ ...cache.status(), shards, edge }) },
    }) as Cache;
    const app = (require('express4') as typeof import('express'))();
    app.use('/health', healthRouter({ cache: source, ui: true }) as RequestHandler);
    const behind = await listen(createServer(app));
    const front = await listen(createServer((req, res) => forward(behind, req, res)));
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(`${error}`));
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
    });
    await page.goto(`http://127.0.0.1:${front}${PREFIX}/health/ui`);
    await page.locator('#fresh', { hasText: 'live' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await cache?.close();
  });
  afterEach(() => expect(complaints.splice(0)).to.deep.equal([]));

  async function listen(server: Server): Promise<number> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** What is not below the prefix belongs to another application. */
  function forward(
    port: number,
    req: import('node:http').IncomingMessage,
    res: import('node:http').ServerResponse,
  ): void {
    if (!req.url?.startsWith(`${PREFIX}/`)) {
      res.writeHead(404).end();
      return;
    }
    const path = req.url.slice(PREFIX.length);
    const sent = httpRequest({ host: '127.0.0.1', port, path, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(res);
    });
    sent.on('error', () => res.destroy());
    res.on('close', () => sent.destroy());
    sent.end();
  }

  it('shows each shard and the edge as a table', async () => {
    const rows = await page.locator('#parts table').first().locator('tbody tr').allTextContents();
    expect(rows).to.deep.equal(['10.0.0.1:63790-8191closed', `${HOSTILE}8192-16383opentimeout`]);
    const headings = await page.locator('#parts h2').allTextContents();
    expect(headings).to.deep.equal(['Shards of Redis', 'Edge']);
    expect(await page.locator('#parts th').allTextContents()).to.include('oldest, ms');
  });

  it('makes no element of what a status says', async () => {
    expect(await page.locator('#parts img').count()).to.equal(0);
    expect(await page.title()).to.match(/^Ok · /);
  });
});
