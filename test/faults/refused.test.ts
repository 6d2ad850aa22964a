import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CacheOptions, type CacheReason, createCache } from '../../lib/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { describeFault, type Stage } from './story.js';

/** Nobody listens at first; then a Redis that has had the data all along does. */
async function refusing(): Promise<Stage> {
  const port = await freePort();
  const server = await RedisServer.start({ port });
  return {
    url: server.url,
    truthUrl: server.url,
    async begin() {
      await server.save();
      await server.kill();
    },
    end: () => server.restart(),
    close: () => server.stop(),
  };
}

describe('faults: Redis refuses the connection', () => {
  describeFault({
    title: 'refused from the start',
    reasons: ['connection_refused'],
    stage: refusing,
    isFromTheStart: true,
  });
  describeFault({
    title: 'refused from the start, under load',
    reasons: ['connection_refused'],
    stage: refusing,
    isFromTheStart: true,
    isUnderLoad: true,
  });

  describe('says which way it is unreachable', () => {
    const cases: Readonly<Record<string, () => Promise<readonly [unknown, CacheReason]>>> = {
      'localhost, which is several addresses': async () => [
        `redis://localhost:${await freePort()}`,
        'connection_refused',
      ],
      'a socket file that is not there': async () => [
        `unix://${join(tmpdir(), 'no-such.sock')}`,
        'connection_refused',
      ],
      'a host without an address': async () => [
        { socket: { host: 'nowhere.test', port: 1, lookup } },
        'host_not_found',
      ],
    };
    for (const [name, make] of Object.entries(cases)) {
      it(name, async () => {
        const [redis, reason] = await make();
        const cache = createCache({ redis, logger: false } as CacheOptions);
        expect(await cache.getOrSet('a', () => 1)).to.equal(1);
        await until(() => cache.status().reason === reason, `the reason is ${reason}`);
        expect(cache.status().lastError).to.be.a('string').that.is.not.empty;
        await cache.close();
      });
    }

    it('a server without TLS that is spoken to in TLS', async () => {
      const server = await RedisServer.start();
      const cache = createCache({ redis: `rediss://127.0.0.1:${server.port}`, logger: false });
      expect(await cache.getOrSet('a', () => 1)).to.equal(1);
      await until(() => cache.status().lastError !== undefined, 'the handshake has failed');
      expect(cache.status()).to.include({ status: 'degraded', connected: false });
      await cache.close();
      await server.stop();
    });
  });
});

/** A resolver that finds nothing, without asking one. */
function lookup(host: string, _options: object, done: (error: Error) => void): void {
  done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
}
