import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Example } from '../example-app/example.js';
import { RedisServer } from '../support/redis-server.js';

type Script = typeof import('../../scripts/monitoring-stack.mjs', { with: {
  'resolution-mode': 'import',
}});

describe('an outage, from the application to the alert', function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let example: Example;
  let monitoring: Awaited<ReturnType<Script['startMonitoring']>>;
  /** `firing CacheDegraded`, in the order of their arrival. */
  const arrived: string[] = [];
  const summaries = new Map<string, string | undefined>();

  before(async () => {
    const { startMonitoring }: Script = await import(
      pathToFileURL(resolve('scripts/monitoring-stack.mjs')).href
    );
    redis = await RedisServer.start();
    example = await Example.start({ REDIS_URL: redis.url, QUERY_DELAY_MS: '0' });
    monitoring = await startMonitoring({
      target: new URL(example.url).host,
      onAlert: ({ status, labels, annotations }) => {
        arrived.push(`${status} ${labels.alertname}`);
        summaries.set(`${labels.alertname}`, annotations.summary);
      },
    });
  });
  after(async () => {
    await monitoring?.stop();
    await Example.stopAll();
    await redis?.stop();
  });

  it('fires when Redis is killed, and resolves when it is back', async () => {
    await until(async () => (await query('express_cache_status{status="up"}')) === '1');
    expect(arrived, 'a good day').to.deep.equal([]);
    await redis.kill();
    await visitUntil(() => arrived.includes('firing CacheDegraded'));
    expect(summaries.get('CacheDegraded')).to.match(
      /^The cache cache of 127\.0\.0\.1:\d+ serves from/,
    );
    await visitUntil(() => arrived.includes('firing CacheDegradedEverywhere'));
    await redis.restart();
    await visitUntil(() => arrived.includes('resolved CacheDegradedEverywhere'));
    await visitUntil(() => arrived.includes('resolved CacheDegraded'));
    // Probes of an outage that is known are no errors, and the endpoint answered 200 all the time.
    expect(arrived).to.not.include('firing CacheErrorRateHigh');
    expect(arrived).to.not.include('firing HealthCheckFailing');
    expect(arrived).to.not.include('firing CacheTargetDown');
  });

  async function visitUntil(isDone: () => boolean): Promise<void> {
    let id = 0;
    await until(async () => {
      await (await fetch(`${example.url}/products/${(id++ % 60) + 1}`)).arrayBuffer();
      return isDone();
    });
  }

  async function until(isDone: () => Promise<boolean>): Promise<void> {
    const giveUpAt = performance.now() + 60_000;
    while (!(await isDone())) {
      if (performance.now() > giveUpAt) throw new Error(`it took too long; arrived: ${arrived}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async function query(expr: string): Promise<string | undefined> {
    const answer = await fetch(`${monitoring.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result[0]?.value[1];
  }
});
