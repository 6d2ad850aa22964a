import { expect } from 'chai';
import type { Request } from 'express';
import { CACHE_METHODS } from '../../../lib/core/is-cache.js';
import { Checker } from '../../../lib/health/checker/checker.js';
import { answerTo } from '../../../lib/health/http/dispatch.js';
import type { Answer } from '../../../lib/health/http/respond.js';
import { parseHealthOptions } from '../../../lib/health/options.js';
import type { HealthOptions } from '../../../lib/health/types.js';
import { ManualClock } from '../../support/manual-clock.js';
import { cacheThatIs, degradedCache } from '../support.js';

/** What the dispatcher makes of a request, without a server. */
async function ask(
  url: string,
  given: Partial<Request> = {},
  options: HealthOptions = {},
): Promise<Answer | undefined> {
  const config = parseHealthOptions(options);
  const checker = new Checker(config, new ManualClock(), () => {});
  const req = { url, method: 'GET', baseUrl: '/health', headers: {}, ...given } as Request;
  return answerTo(req, { checker, page: undefined }, config);
}

describe('a request below the router', () => {
  for (const path of ['/', '/live', '/ready', '/startup', '/check/db', '/LIVE/', '/?verbose']) {
    it(`is answered at ${path}`, async () => {
      expect((await ask(path, {}, { checks: { db: () => true } }))?.code).to.equal(200);
    });
  }

  for (const path of [
    '/readyz',
    '/live/x',
    '/check',
    '/check/db/x',
    '/constructor',
    '/__proto__',
  ]) {
    it(`is not found at ${path}, or left to the application at its root`, async () => {
      expect((await ask(path))?.code).to.equal(404);
      expect(await ask(path, { baseUrl: '' })).to.equal(undefined);
    });
  }

  it('may read, and nothing else', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect((await ask('/ready', { method }))?.code).to.equal(200);
    }
    expect((await ask('/ready', { method: 'POST' }))?.code).to.equal(405);
  });

  it('is answered at once when it asks for liveness', () => {
    const config = parseHealthOptions({});
    const checker = new Checker(config, new ManualClock(), () => {});
    const req = { url: '/live', method: 'GET', baseUrl: '/health', headers: {} } as Request;
    expect(answerTo(req, { checker, page: undefined }, config)).not.to.be.instanceOf(Promise);
  });

  describe('whose cache', () => {
    const whole = Object.fromEntries(CACHE_METHODS.map((name) => [name, () => {}]));
    const names = async (cache: unknown, options?: HealthOptions): Promise<string[]> => {
      const answer = await ask('/', { cache } as object, options);
      return Object.keys(JSON.parse(answer?.body ?? '{}').details);
    };

    it('is the one that the router was given, else that of the request', async () => {
      const mounted = { ...whole, ...cacheThatIs() };
      expect(await names(undefined, { cache: degradedCache })).to.deep.equal(['cache']);
      expect(await names(mounted)).to.deep.equal(['cache']);
      const answer = await ask('/', { cache: mounted } as object, { cache: degradedCache });
      expect(JSON.parse(answer?.body ?? '').status).to.equal('degraded');
    });

    it('is none where something else stands at its place', async () => {
      for (const foreign of [undefined, {}, { status: () => ({ status: 'ok' }) }, new Map()]) {
        expect(await names(foreign)).to.deep.equal([]);
      }
    });
  });
});
