import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { Example } from '../example-app/example.js';
import { promtool } from './programs.js';

describe('/metrics of the example', () => {
  let example: Example;
  before(async () => {
    example = await Example.start({ REDIS_URL: 'private', QUERY_DELAY_MS: '0' });
    for (let id = 1; id <= 20; id++) await fetch(`${example.url}/products/${id}`);
    await fetch(`${example.url}/products/1`);
  });
  after(() => Example.stopAll());

  const scrape = async (): Promise<string> => (await fetch(`${example.url}/metrics`)).text();

  /** What is told once it matches: a busy machine may need a while, also until Redis serves. */
  async function scrapeUntil(pattern: RegExp): Promise<string> {
    const giveUpAt = performance.now() + 20_000;
    for (;;) {
      const text = await scrape();
      if (pattern.test(text)) return text;
      if (performance.now() > giveUpAt) throw new Error(`it never told ${pattern}:\n${text}`);
      await setTimeout(50);
    }
  }

  it('has no fault that promtool knows, while Redis serves and while it does not', async () => {
    const well = await scrapeUntil(/^express_cache_status\{cache="cache",status="up"\} 1$/m);
    expect(await promtool(['check', 'metrics'], well)).to.deep.equal({ isContent: true, said: '' });
    process.kill(Number(example.privateRedis.pid), 'SIGKILL');
    const away = await scrapeUntil(/^express_health_status\{status="degraded"\} 1$/m);
    expect(away).to.match(/^express_cache_reason\{cache="cache",reason="\w+"\} 1$/m);
    expect(await promtool(['check', 'metrics'], away)).to.deep.equal({ isContent: true, said: '' });
  });

  it('would be refused with a fault', async () => {
    const { isContent, said } = await promtool(['check', 'metrics'], 'wrong_total_of_ms 1\n');
    expect(isContent).to.equal(false);
    expect(said).to.include('wrong_total_of_ms');
  });
});
