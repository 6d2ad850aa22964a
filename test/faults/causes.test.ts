import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createClient } from 'redis';
import { type Cache, type CacheOptions, createCache } from '../../lib/index.js';
import { Lines } from '../mistakes/kit.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

type Redis = NonNullable<CacheOptions['redis']>;

/** A certificate that no authority signed. `undefined` where there is no openssl. */
function selfSigned(folder: string): { readonly cert: string; readonly key: string } | undefined {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const files = ['-keyout', key, '-out', cert];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  const { status } = spawnSync('openssl', [...request, ...files], { stdio: 'ignore' });
  return status === 0 ? { cert, key } : undefined;
}

describe('the true cause is in the log, in the message and in lastError', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'causes-'));
  const pair = selfSigned(folder);
  let plain: RedisServer;
  let strict: RedisServer | undefined;
  let tlsPort = 0;

  before(async () => {
    plain = await RedisServer.start();
    if (pair === undefined) return;
    tlsPort = await freePort();
    const files = ['--tls-cert-file', pair.cert, '--tls-key-file', pair.key];
    const args = [...files, '--tls-ca-cert-file', pair.cert, '--tls-auth-clients', 'no'];
    strict = await RedisServer.start({ args: ['--tls-port', `${tlsPort}`, ...args] });
  });
  after(async () => {
    await plain?.stop();
    await strict?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function expectCause(redis: Redis, reason: string, words: RegExp): Promise<void> {
    const lines = new Lines();
    const cache: Cache = createCache({ redis, logger: lines });
    try {
      await until(() => lines.errors.length > 0, 'the outage is logged');
      const { message, lastError = '', since, reason: told } = cache.status();
      expect(told, lastError).to.equal(reason);
      expect(message).to.match(words);
      expect(lines.errors[0]).to.match(words);
      expect(lines.errors[0]).to.include(`since ${since}`);
      expect(message).to.include(`(${lastError.replace(/[.]$/, '')})`);
    } finally {
      await cache.close();
    }
  }

  const tls = (name: string, test: () => Promise<void>): void => {
    it(name, async function () {
      if (pair === undefined) this.skip();
      await test();
    });
  };

  tls('rediss:// with a certificate that no authority signed', () =>
    expectCause(
      `rediss://localhost:${tlsPort}`,
      'certificate',
      /\(self-signed certificate\).*socket: \{ ca \}/,
    ),
  );

  tls('rediss:// with a certificate for another host', () => {
    const ca = readFileSync(pair?.cert ?? '');
    const redis = { url: `rediss://127.0.0.1:${tlsPort}`, socket: { ca } } as Redis;
    return expectCause(redis, 'certificate', /does not match certificate.*must be a name in/);
  });

  tls('rediss:// with its authority: it serves', async () => {
    const ca = readFileSync(pair?.cert ?? '');
    const lines = new Lines();
    const redis = { url: `rediss://localhost:${tlsPort}`, socket: { ca } } as Redis;
    const cache = createCache({ redis, logger: lines, commandTimeout: '500ms' });
    await until(() => lines.infos.length > 0, 'Redis serves');
    expect(lines.infos[0]).to.match(/serves, with the prefix 'cache:'/);
    await cache.close();
  });

  tls('redis:// to a port with TLS', () =>
    expectCause(
      `redis://127.0.0.1:${tlsPort}`,
      'connection_lost',
      /before the first answer: a port with TLS needs rediss:\/\//,
    ),
  );

  it('rediss:// to a port without TLS', () =>
    expectCause(
      `rediss://127.0.0.1:${plain.port}`,
      'timeout',
      /in the TLS handshake: a port without TLS needs redis:\/\//,
    ));

  it('a database number that Redis does not have', () =>
    expectCause(`${plain.url}/99`, 'no_database', /\(ERR DB index is out of range\).*0 to 15/));

  it('a function that makes a client of another package, which is called once', async () => {
    let calls = 0;
    const foreign = (): never => {
      calls++;
      const client = { sendCommand() {}, defineCommand() {}, disconnect() {}, on() {} };
      return client as never;
    };
    await expectCause(
      foreign,
      'foreign_client',
      /got an ioredis client\..*Return createClient\(\)/,
    );
    expect(calls).to.equal(1);
  });

  it('a function whose clients begin with HELLO, which Redis does not know', async () => {
    const old = await RedisServer.start({ args: ['--rename-command', 'HELLO', ''] });
    const make = (RESP: 2 | 3) => () =>
      createClient({ url: old.url, RESP, socket: { reconnectStrategy: false } }) as never;
    try {
      await expectCause(make(3), 'no_hello', /HELLO.*Set RESP: 2/);
      for (const redis of [make(2), old.url]) {
        const lines = new Lines();
        const cache = createCache({ redis, logger: lines, commandTimeout: '500ms' });
        await until(() => lines.infos.length > 0, 'Redis serves');
        await cache.close();
      }
    } finally {
      await old.stop();
    }
  });

  it('an address where no server listens', async () => {
    const port = await freePort();
    await expectCause(
      `redis://127.0.0.1:${port}`,
      'connection_refused',
      /\(connect ECONNREFUSED 127/,
    );
  });
});

describe('NODE_DEBUG=express-cache-health', () => {
  it('shows lookups, states and attempts, and no value', () => {
    const program = `
      const { createCache } = require(${JSON.stringify(join(__dirname, '../../../dist/index.js'))});
      const cache = createCache({ redis: 'redis://127.0.0.1:1', logger: false });
      (async () => {
        await cache.getOrSet('product:1', () => 'the value');
        await cache.getOrSet('product:1', () => 'the value');
        await cache.close();
      })();`;
    const run = (NODE_DEBUG: string): string =>
      spawnSync(process.execPath, ['-e', program], {
        env: { ...process.env, NODE_DEBUG },
      }).stderr.toString();
    const shown = run('express-cache-health');
    expect(shown).to.match(/EXPRESS-CACHE-HEALTH \d+: miss 'product:1'/);
    expect(shown).to.match(/: hit 'product:1' from memory/);
    expect(shown).to.match(/: connect failed: connection_refused, connect ECONNREFUSED/);
    expect(shown).to.match(/: redis: open \(connection_refused\), next attempt in \d+ ms/);
    expect(shown).not.to.include('the value');
    expect(run('')).to.equal('');
  });
});
