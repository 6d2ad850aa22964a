import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Example } from '../example-app/example.js';
import { until } from '../support/wait.js';
import { program } from './programs.js';

/** Where the pictures of the README go: `PICTURES=docs/pictures npm run test:clients -- -g page`. */
const { PICTURES } = process.env;

/** The first product, whose price the test changes. */
const PRICE = 'Price of Espresso';

describe("the example's page in Chromium", function () {
  this.timeout(120_000);
  let browser: Browser;
  let example: Example;
  let page: Page;
  const errors: string[] = [];

  before(async () => {
    const executablePath = await program(
      ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
      'chromium',
    );
    // Chromium refuses its sandbox to root.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    example = await Example.start({ REDIS_URL: 'private' });
    page = await browser.newPage({ viewport: { width: 960, height: 1_000 } });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => errors.push(`${error}`));
    page.on('console', (line) => {
      if (line.type() === 'error') errors.push(line.text());
    });
    await page.goto(example.url);
  });

  after(async () => {
    await browser?.close();
    await example?.stop();
  });

  afterEach(() => expect(errors.splice(0)).to.deep.equal([]));

  const press = (name: string): Promise<void> => page.getByRole('button', { name }).click();
  const says = (text: RegExp): Promise<void> => page.locator('#state', { hasText: text }).waitFor();
  /** Every product's last answer came from here. */
  const allFrom = (tier: string): Promise<unknown> =>
    until(async () => {
      const tiers = await page.locator('tbody .by').allTextContents();
      return tiers.length === 10 && tiers.every((text) => text === tier);
    }, `all products from ${tier}`);
  const number = async (id: string): Promise<number> =>
    Number.parseInt((await page.locator(`#${id}`).textContent()) ?? '', 10);

  async function changePrice(price: string): Promise<void> {
    await page.getByLabel(PRICE).fill(price);
    await page.getByLabel(PRICE).press('Enter');
    await page.locator('#events', { hasText: `Espresso now costs ${price}.` }).waitFor();
  }

  async function picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  it('shows products from Redis', async () => {
    await says(/ok Redis serves\./);
    await allFrom('Redis');
    expect(await page.getByRole('button', { name: 'Start it again' }).isDisabled()).to.equal(true);
    await picture('page-normal');
  });

  it('shows prices and takes a new one while Redis is frozen, and says so', async () => {
    await press('Freeze Redis');
    await says(/degraded Memory and the database serve\..*does not answer in time/s);
    await allFrom('memory');
    await changePrice('4.99');
    await until(async () => (await number('journal')) > 0, 'the journal has the change');
    expect(await page.getByLabel(PRICE).inputValue()).to.equal('4.99');
    expect(await number('failed')).to.equal(0);
    expect(await number('answers')).to.be.above(0);
    await picture('page-frozen');
  });

  it('shows the new price after "Start it again", from Redis', async () => {
    await press('Start it again');
    await says(/ok Redis serves\./);
    await allFrom('Redis');
    expect(await page.getByLabel(PRICE).inputValue()).to.equal('4.99');
    expect(await number('failed')).to.equal(0);
    expect(await number('journal')).to.equal(0);
  });

  it('survives that Redis is killed and starts empty', async () => {
    await press('Kill Redis');
    await says(/degraded/);
    await allFrom('memory');
    await changePrice('5.49');
    await press('Start it again');
    await says(/ok Redis serves\./);
    await allFrom('Redis');
    expect(await page.getByLabel(PRICE).inputValue()).to.equal('5.49');
    expect(await number('failed')).to.equal(0);
  });

  it('links the live page and the metrics', async () => {
    const links = await page.locator('footer a').all();
    const found = await Promise.all(
      links.map(async (link) => new URL((await link.getAttribute('href')) ?? '', example.url)),
    );
    expect(found.map(({ pathname }) => pathname)).to.deep.equal(['/health/ui', '/metrics']);
    for (const address of found) expect((await fetch(address)).status).to.equal(200);
  });

  it('says why a price is refused', async () => {
    await page.getByLabel(PRICE).fill('-1');
    await page.getByLabel(PRICE).press('Enter');
    await page.getByRole('alert').filter({ hasText: 'send JSON such as' }).waitFor();
    // The browser reports the 400 itself.
    expect(errors.splice(0)).to.have.lengthOf(1);
  });
});
