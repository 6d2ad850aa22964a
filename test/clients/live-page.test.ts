import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { Example } from '../example-app/example.js';
import { RedisServer } from '../support/redis-server.js';
import { program } from './programs.js';

/** Where the pictures of the docs go: `PICTURES=docs/pictures npm run test:clients -- -g "live page"`. */
const { PICTURES } = process.env;

const AXE = readFileSync(
  createRequire(resolve('package.json')).resolve('axe-core/axe.min.js'),
  'utf8',
);

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe('the live page in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser;
  let redis: RedisServer;
  let example: Example;
  const complaints: string[] = [];
  const foreign: string[] = [];

  before(async () => {
    const executablePath = await program(
      ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
      'chromium',
    );
    // Chromium refuses its sandbox to root.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    redis = await RedisServer.start();
    example = await Example.start({ REDIS_URL: redis.url, QUERY_DELAY_MS: '0' });
  });
  after(async () => {
    await browser?.close();
    await Example.stopAll();
    await redis?.stop();
  });
  afterEach(() => {
    expect(complaints.splice(0)).to.deep.equal([]);
    expect(foreign.splice(0)).to.deep.equal([]);
  });

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const context: BrowserContext = await browser.newContext({
      viewport: { width: 1_280, height: 940 },
      // Axe is added by the test; the page itself obeys its policy.
      bypassCSP: false,
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => complaints.push(`${error}`));
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(example.url) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    await page.goto(`${example.url}/health/ui`);
    await page.locator('#fresh', { hasText: 'live' }).waitFor();
    return page;
  }

  async function violations(page: Page): Promise<string[]> {
    // By the debugger, which no policy of the page forbids.
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: AXE });
    const found = (await page.evaluate('axe.run()')) as {
      violations: Violation[];
      passes: unknown[];
    };
    expect(found.passes.length).to.be.above(10);
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    );
  }

  async function visit(times: number): Promise<void> {
    for (let i = 0; i < times; i++)
      await (await fetch(`${example.url}/products/${(i % 9) + 1}`)).arrayBuffer();
  }

  const picture = async (page: Page, name: string): Promise<void> => {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  };

  it('follows a Redis that is killed and comes back, in a sentence', async () => {
    await visit(60);
    const page = await open({ colorScheme: 'dark' });
    await page.locator('#word', { hasText: /^Ok since/ }).waitFor();
    expect(await page.locator('#what').textContent()).to.match(
      /^Every check is up\. Redis \(.*\) serves\.$/,
    );
    await redis.kill();
    await page.locator('#word', { hasText: /^Degraded since/ }).waitFor();
    await visit(60);
    await page.locator('#what', { hasText: 'The in-memory fallback serves' }).waitFor();
    await page
      .locator('#todo', { hasText: /Next try in .* \(attempt \d+\)\. Nothing that was deleted/ })
      .waitFor();
    await page.locator('#events', { hasText: 'normal → degraded' }).waitFor();
    await page.locator('#timeline .m-degraded').first().waitFor({ state: 'attached' });
    await page.locator('#loads', { hasText: 'limit 100' }).waitFor();
    await picture(page, 'live-page-dark');
    await redis.restart();
    await page.locator('#word', { hasText: /^Ok since/ }).waitFor();
    await page.locator('#events', { hasText: '→ normal' }).waitFor();
    await page.context().close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no fault that axe knows, in ${colorScheme}, healthy and degraded`, async () => {
      const page = await open({ colorScheme });
      expect(await violations(page)).to.deep.equal([]);
      await redis.kill();
      await page.locator('#word', { hasText: /^Degraded/ }).waitFor();
      expect(await violations(page)).to.deep.equal([]);
      await picture(page, `live-page-${colorScheme}`);
      await redis.restart();
      await page.locator('#word', { hasText: /^Ok/ }).waitFor();
      await page.context().close();
    });
  }

  it('fits a phone, can be printed, and its tables can be reached by keyboard', async () => {
    const page = await open({ viewport: { width: 390, height: 800 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(390);
    await picture(page, 'live-page-phone');
    expect((await page.pdf()).length).to.be.above(10_000);
    const reached = new Set<string>();
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate(
          'document.activeElement.getAttribute("aria-labelledby") ?? document.activeElement.textContent',
        ),
      );
    }
    expect([...reached]).to.include.members(['h-checks', 'h-events', 'JSON']);
    await page.context().close();
  });

  it('polls when server-sent events do not come', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route('**/ui/events', (route) => route.fulfill({ status: 503 }));
    await page.goto(`${example.url}/health/ui/`);
    await page.locator('#fresh', { hasText: 'updated each 5 s' }).waitFor();
    await page.locator('#word', { hasText: /^Ok since/ }).waitFor();
    await context.close();
  });

  it('says that there is no news when the process is frozen, and goes on afterwards', async () => {
    const page = await open();
    example.freeze();
    try {
      await page
        .locator('#fresh', { hasText: /^no news for \d+ s: this process does not answer$/ })
        .waitFor();
    } finally {
      example.thaw();
    }
    await page.locator('#fresh', { hasText: 'live' }).waitFor();
    await page.context().close();
  });
});
