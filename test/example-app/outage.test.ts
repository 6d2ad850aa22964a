import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { RedisServer } from '../support/redis-server.js';
import { Example } from './example.js';
import { Load } from './load.js';

const REQUESTS = 2_000;
// The times are printed; these limits only tell a request that waited from one that hung.
const SLOWEST_MS = 5_000;
const DETECTED_WITHIN_MS = 10_000;
const RECOVERED_WITHIN_MS = 20_000;

describe('the example during an outage', function () {
  this.timeout(120_000);
  let redis: RedisServer;
  let example: Example;
  // What the example has printed before the present try of the outages.
  let printedBefore = 0;

  before(async () => {
    redis = await RedisServer.start();
    example = await Example.start({ REDIS_URL: redis.url, QUERY_DELAY_MS: '2' });
  });

  after(async () => {
    await example?.stop('SIGKILL');
    await redis?.stop();
  });

  it(`answers ${REQUESTS} requests while Redis is killed, hung and restored, and tells the truth`, async () => {
    printedBefore = example.output.length;
    const load = Load.start(example.url);
    const figures: Record<string, number> = {};
    try {
      await untilServed(load, 400);
      await redis.kill();
      figures['killed: degraded after'] = await timeUntil('degraded');
      await untilServed(load, 800);
      await redis.restart();
      figures['restarted: ok after'] = await timeUntil('ok');
      await untilServed(load, 1_200);
      await redis.hang();
      figures['hung: degraded after'] = await timeUntil('degraded');
      await untilServed(load, 1_600);
      await redis.thaw();
      figures['thawed: ok after'] = await timeUntil('ok');
      await untilServed(load, REQUESTS);
    } finally {
      load.stop();
    }
    const report = await load.done;
    print({
      ...figures,
      'slowest request': report.slowestMs,
      'slowest request, without what held up the whole process': report.slowestOwnMs,
      'p99 request': report.p99Ms,
    });
    console.log(`      ${report.requests} requests:`, JSON.stringify(report.origins));

    expect(report.failures).to.deep.equal([]);
    expect(report.requests).to.be.at.least(REQUESTS);
    expect(report.slowestOwnMs, 'slowest request').to.be.below(SLOWEST_MS);
    expect(
      report.origins['express-cache-health; hit; detail=memory'],
      'answers from memory',
    ).to.be.above(100);
    expect(
      report.origins['express-cache-health; hit; detail=redis'],
      'answers from Redis',
    ).to.be.above(100);
    expect(figures['killed: degraded after']).to.be.below(DETECTED_WITHIN_MS);
    expect(figures['hung: degraded after']).to.be.below(DETECTED_WITHIN_MS);
    expect(figures['restarted: ok after']).to.be.below(RECOVERED_WITHIN_MS);
    expect(figures['thawed: ok after']).to.be.below(RECOVERED_WITHIN_MS);
  });

  it('says so in two lines an outage, and in nothing per request', () => {
    const lines = example.output.slice(printedBefore).split('\n');
    expect(lines.filter((line) => line.includes('[express-cache-health]'))).to.have.length(4);
  });

  it('ends with code 0 on SIGTERM', async () => {
    expect(await example.stop()).to.equal(0);
  });

  async function untilServed(load: Load, requests: number): Promise<void> {
    while (load.requests < requests) await delay(10);
  }

  async function timeUntil(status: string): Promise<number> {
    const began = performance.now();
    while (performance.now() - began < 30_000) {
      const response = await fetch(`${example.url}/health`);
      if (((await response.json()) as { status: string }).status === status) break;
      await delay(20);
    }
    return performance.now() - began;
  }
});

function print(figures: Record<string, number>): void {
  for (const [name, ms] of Object.entries(figures))
    console.log(`      ${name}: ${ms.toFixed(0)} ms`);
}
