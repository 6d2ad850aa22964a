import { expect } from 'chai';
import { type Cache, type CacheOptions, createCache } from '../../lib/index.js';
import { RedisServer, type RedisServerOptions } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { describeFault, type Stage } from './story.js';

const RIGHT = 'right-horse';
const WRONG = 'wrong-battery';

/** A server that wants a password, and a cache that has `password` until the server agrees. */
function guarded(password: string | undefined, query = ''): () => Promise<Stage> {
  return async () => {
    const server = await RedisServer.start({ password: RIGHT });
    const user = password === undefined ? '' : `:${password}@`;
    const url = `redis://${user}127.0.0.1:${server.port}${query}`;
    let truthUrl = server.url;
    return {
      url,
      get truthUrl() {
        return truthUrl;
      },
      async begin() {},
      async end() {
        await server.command('CONFIG', 'SET', 'requirepass', password ?? '');
        truthUrl = url;
      },
      close: () => server.stop(),
    };
  };
}

describe('faults: Redis rejects the credentials', () => {
  describeFault({
    title: 'WRONGPASS: the wrong password',
    reasons: ['authentication'],
    stage: guarded(WRONG),
    isFromTheStart: true,
  });
  describeFault({
    title: 'NOAUTH: no password',
    reasons: ['authentication'],
    stage: guarded(undefined),
    isFromTheStart: true,
  });

  const servers: RedisServer[] = [];
  const caches: Cache[] = [];
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    servers.push(server);
    return server;
  }

  function open(options: CacheOptions): Cache {
    const cache = createCache(options);
    caches.push(cache);
    return cache;
  }

  it('shows the password nowhere', async () => {
    const server = await start({ password: RIGHT });
    const lines: string[] = [];
    const note = (line: string): void => void lines.push(line);
    const cache = open({
      redis: `redis://:${WRONG}@127.0.0.1:${server.port}`,
      logger: { info: note, warn: note, error: note },
    });
    await until(() => cache.status().reason === 'authentication', 'the password is rejected');
    expect(lines).to.have.lengthOf(1);
    expect(JSON.stringify([lines, cache.status()])).to.not.include(WRONG);
  });

  it('needs no INFO: an ACL without the dangerous commands is enough', async () => {
    const server = await start();
    const rules = ['on', '>pw', '~cache:*', '+@all', '-@dangerous'];
    await server.command('ACL', 'SETUSER', 'app', ...rules);
    const redis = `redis://app:pw@127.0.0.1:${server.port}`;
    const cache = open({ redis, logger: false });
    await until(() => cache.status().status === 'up', 'the cache is up without INFO', 3_000);
    expect(await cache.set('a', 1)).to.equal('applied');
    expect(await cache.get('a')).to.equal(1);
  });

  it('names a missing permission: a user who may only read', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@read', '+@connection');
    const redis = `redis://reader:pw@127.0.0.1:${server.port}`;
    const cache = open({ redis, logger: false });
    await until(() => cache.status().reason === 'permission', 'the permission is missed');
    expect(cache.status().message).to.match(/Check the ACL/);
    expect(await cache.set('a', 1)).to.equal('deferred');
    expect(await cache.get('a')).to.equal(1);
  });

  it('notices a permission that is taken away while connected', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all');
    const redis = `redis://app:pw@127.0.0.1:${server.port}`;
    const cache = open({ redis, logger: false });
    await until(() => cache.status().status === 'up', 'the cache is up');
    await cache.set('a', 'old');
    await server.command('ACL', 'SETUSER', 'app', '-evalsha', '-eval');
    expect(await cache.set('a', 'new')).to.equal('deferred');
    await until(() => cache.status().reason === 'permission', 'it is noticed', 3_000);
    expect(await cache.get('a')).to.equal('new');
    await server.command('ACL', 'SETUSER', 'app', '+evalsha', '+eval');
    await until(() => cache.status().status === 'up', 'the cache is up again');
    expect(await cache.get('a')).to.be.oneOf([undefined, 'new']);
  });

  it('goes on when the password is changed, and is locked out at the next connection only', async () => {
    const server = await start({ password: RIGHT });
    const cache = open({ redis: server.url, logger: false });
    await until(() => cache.status().status === 'up', 'the cache is up');
    await server.command('CONFIG', 'SET', 'requirepass', WRONG);
    expect(await cache.set('a', 1)).to.equal('applied');
  });
});
