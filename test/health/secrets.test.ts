import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import request from 'supertest';
import { createCache, healthRouter } from '../../lib/index.js';
import { type Leak, SECRETS } from '../support/secrets.js';
import { appWith, cacheThatIs, up } from './support.js';

const PATHS = [
  '/health',
  '/health?verbose&history',
  '/health/ready',
  '/health/live',
  '/health/startup',
  '/health/check/database',
];
const FORMATS = ['application/json', 'application/health+json', 'text/plain'];

/** Every way in which a check can carry a text into the report. */
const CARRIERS: Readonly<Record<string, (leak: Leak) => unknown>> = {
  'an error’s message': ({ text }) => Promise.reject(new Error(text)),
  'a thrown text': ({ text }) => Promise.reject(text),
  'a cause': ({ text }) => Promise.reject(new Error('query failed', { cause: new Error(text) })),
  'an AggregateError': ({ text }) => Promise.reject(new AggregateError([new Error(text)], '')),
  'a message of its own': ({ text }) => ({ status: 'down', message: text }),
  'a detail': ({ text }) => ({ status: 'up', detail: text, nested: { list: [text] } }),
  'a status that is none': ({ text }) => ({ status: text }),
  'a code': ({ text }) => Promise.reject(Object.assign(new Error('x'), { code: text })),
};

describe('no secret leaves the process', function () {
  this.timeout(60_000);

  for (const [carrier, check] of Object.entries(CARRIERS)) {
    it(`in ${carrier}, on any endpoint, in any format`, async () => {
      let leak = SECRETS[0] as Leak;
      const database = (): unknown => check(leak);
      const app = appWith(healthRouter({ database, cache: cacheThatIs(), maxAge: 0 }));
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      for (leak of SECRETS) {
        for (const path of PATHS) {
          for (const accept of FORMATS) {
            const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } });
            const shown = `${JSON.stringify([...answer.headers])}${await answer.text()}`;
            expect(shown, `${leak.text} on ${path}`).not.to.include(leak.secret);
          }
        }
      }
      server.close();
    });
  }

  it('in the address of Redis', async () => {
    const cache = createCache({ redis: 'redis://app:hunter2@127.0.0.1:1', logger: false });
    await cache.get('x');
    const { text } = await request(appWith(healthRouter({ database: up, cache }))).get('/health');
    expect(text).not.to.include('hunter2');
    expect(text).to.include('redis://***@127.0.0.1:1');
    await cache.close();
  });
});
