import { BlockList } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { type CheckFunction, healthRouter } from '../../../lib/index.js';
import { appWith, cacheThatIs, degradedCache, down, up } from '../support.js';

const KUBELET_READS = 10_240;
const FORMATS = ['application/json', 'application/health+json', 'text/plain'];

function many(count: number, check: CheckFunction): Record<string, CheckFunction> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`check-number-${i}`, check]));
}

describe('the size of a report', () => {
  const talkative = (): unknown => ({ status: 'up', pools: Array(8).fill('é'.repeat(50)) });
  const crowds: Readonly<Record<string, Record<string, CheckFunction>>> = {
    '12 that tell much': many(12, talkative),
    '12 that fail': many(12, () => Promise.reject(new Error('€'.repeat(300)))),
    '60 that fail': many(60, () => Promise.reject(new Error('€'.repeat(300)))),
    '500 that are up': many(500, up),
  };
  for (const [crowd, checks] of Object.entries(crowds)) {
    it(`is 8 KiB at most, with ${crowd}, in any format, and the verdict is there`, async () => {
      const agent = request(appWith(healthRouter({ checks, cache: degradedCache })));
      for (const path of ['/health?verbose&history', '/health/ready?verbose']) {
        for (const format of FORMATS) {
          const { headers, status } = await agent.get(path).set('Accept', format);
          expect(Number(headers['content-length']), path).to.be.at.most(8_192);
          expect(status).to.equal(crowd.endsWith('fail') ? 503 : 200);
        }
      }
      const { text, body } = await agent.get('/health');
      expect(text).to.match(/^\{"status":"(degraded|error)",/);
      expect(body).to.have.all.keys('status', 'info', 'error', 'details', 'trimmed');
    });
  }

  it('costs the details of the checks first, and never those of the cache', async () => {
    const { body } = await request(
      appWith(
        healthRouter({ checks: { broken: down, ...many(12, talkative) }, cache: degradedCache }),
      ),
    ).get('/health');
    expect(body.details['check-number-3']).to.deep.equal({ status: 'up' });
    expect(body.error.broken.code).to.equal('ECONNREFUSED');
    expect(body.details.cache.degradation.reason).to.equal('connection_refused');
  });

  it('does not grow with the request', async () => {
    const query = `verbose&${'exclude=nobody-has-this-name&'.repeat(300)}`;
    const agent = request(appWith(healthRouter({ database: up })));
    const { text } = await agent.get(`/health?${query}`).set('Accept', 'text/plain');
    expect(text.length).to.be.below(2_000);
    expect(KUBELET_READS).to.be.above(8_192);
  });

  it('is whole when it fits', async () => {
    const checks = { search: () => ({ status: 'up', shards: 5 }) };
    const { body } = await request(appWith(healthRouter({ checks }))).get('/health');
    expect(body.details.search).to.deep.equal({ status: 'up', shards: 5 });
    expect(body).not.to.have.property('trimmed');
  });
});

describe('who sees details', () => {
  const isShown = async (app: express.Express, header?: string): Promise<boolean> => {
    const asked = request(app).get('/health');
    const { body } = await (header === undefined ? asked : asked.set('X-Forwarded-For', header));
    return 'details' in body;
  };

  it('is decided by the address of the socket, which no header changes', async () => {
    const inside = new BlockList();
    inside.addSubnet('10.0.0.0', 8);
    const seen: unknown[] = [];
    const health = healthRouter({
      database: up,
      details: 'authorized',
      authorize: (req) => {
        seen.push((req as express.Request).ip);
        const { remoteAddress = '', remoteFamily = '' } = req.socket;
        return inside.check(remoteAddress, remoteFamily.toLowerCase() as 'ipv4');
      },
    });
    const app = express().set('trust proxy', true).use('/health', health);
    expect(await isShown(app, '10.0.0.1')).to.equal(false);
    // What Express says is what the header says: the reason not to ask it.
    expect(seen).to.deep.equal(['10.0.0.1']);
    inside.addAddress('127.0.0.1');
    expect(await isShown(app)).to.equal(true);
  });

  const deciders: readonly (readonly [string, () => unknown, boolean])[] = [
    ['true', () => true, true],
    ['a promise of true', () => Promise.resolve(true), true],
    ['false', () => false, false],
    ['something that is only truthy', () => 'yes', false],
    ['nothing', () => undefined, false],
    ['an error', () => down(), false],
    ['a rejection', () => Promise.reject(new Error('x')), false],
    ['nothing, ever', () => new Promise(() => {}), false],
  ];
  for (const [what, authorize, expected] of deciders) {
    it(`is ${expected ? 'the client' : 'no client'} when authorize returns ${what}`, async () => {
      const gated = { details: 'authorized', authorize: authorize as () => boolean } as const;
      const app = appWith(
        healthRouter({ database: up, cache: cacheThatIs(), ...gated, timeout: 50 }),
      );
      expect(await isShown(app)).to.equal(expected);
    });
  }

  it('does not decide which checks readiness runs', async () => {
    let runs = 0;
    const checks = { search: { check: () => ++runs, critical: false } };
    const gated = { details: 'authorized', authorize: () => true } as const;
    const agent = request(appWith(healthRouter({ database: up, checks, ...gated })));
    await agent.get('/health/ready');
    await agent.get('/health/check/database');
    await agent.get('/health/startup');
    expect(runs).to.equal(0);
    await agent.get('/health/check/SEARCH');
    expect(runs).to.equal(1);
  });
});
