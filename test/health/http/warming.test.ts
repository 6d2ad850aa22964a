import { expect } from 'chai';
import request from 'supertest';
import { type CacheStatus, type HealthOptions, healthRouter } from '../../../lib/index.js';
import { cacheThatIs, down, up, VERSIONS } from '../support.js';

const [[, newApp]] = VERSIONS as [(typeof VERSIONS)[number]];

/** A cache that still fills its memory. */
function warming(progress: number): NonNullable<HealthOptions['cache']> {
  const cache = cacheThatIs() as { status(): CacheStatus };
  return { status: () => ({ ...cache.status(), warming: { progress } }) };
}

describe('health while a new process fills its memory', () => {
  const asked = (options: HealthOptions): ReturnType<typeof request> =>
    request(newApp().use('/health', healthRouter(options)));

  it('is not ready, and says how far it is', async () => {
    const agent = asked({ database: up, cache: warming(0.4) });
    const { status, body, headers } = await agent.get('/health/ready');
    expect([status, body]).to.deep.equal([503, { status: 'warming', progress: 0.4 }]);
    expect(headers['retry-after']).to.equal('1');
  });

  it('says so in each form', async () => {
    const agent = asked({ database: up, cache: warming(0.4) });
    const ietf = await agent.get('/health/ready').accept('application/health+json');
    expect([ietf.status, JSON.parse(ietf.text)]).to.deep.equal([
      503,
      { status: 'fail', output: 'warming', progress: 0.4 },
    ]);
    const text = await agent.get('/health/ready').accept('text/plain');
    expect([text.status, text.text]).to.deep.equal([503, 'warming: 0.4\n']);
  });

  it('is the same as ever everywhere else', async () => {
    const agent = asked({ database: up, cache: warming(0.4) });
    for (const path of ['/health', '/health/live', '/health/startup', '/health/check/cache']) {
      const { status, text } = await agent.get(path);
      expect([path, status]).to.deep.equal([path, 200]);
      expect(text).not.to.contain('warming');
    }
  });

  it('is an error if the database is down, and shutting down when that has begun', async () => {
    const cache = warming(0.4);
    const broken = await asked({ database: down, cache }).get('/health/ready');
    expect(broken.body.status).to.equal('error');
    const router = healthRouter({ database: up, cache });
    router.beginShutdown();
    const ending = await request(newApp().use('/health', router)).get('/health/ready');
    expect(ending.body.status).to.equal('shutting_down');
  });
});
