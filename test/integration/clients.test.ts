import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createClient, RESP_TYPES } from 'redis';
import { type Cache, createCache, type Lookup } from '../../lib/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { event, unhandled, until } from '../support/wait.js';
import { isDegraded, isUp, Stand } from './stand.js';

type Client = ReturnType<typeof createClient>;

describe('integration: where the connection comes from', () => {
  let stand: Stand;
  let clients: Client[];
  let servers: RedisServer[];
  let loose: ReturnType<typeof unhandled>;
  beforeEach(async () => {
    stand = await Stand.start();
    clients = [];
    servers = [];
    loose = unhandled();
  });
  afterEach(async () => {
    await stand.closeCaches();
    for (const client of clients) client.destroy();
    for (const server of servers) await server.stop();
    await stand.stop();
    expect(loose.stop(), 'what nobody handled').to.deep.equal([]);
  });

  function client(options: Parameters<typeof createClient>[0] = {}): Client {
    const made = createClient({ url: stand.redis.url, ...options }) as Client;
    clients.push(made);
    return made;
  }

  async function another(args: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.start({ args });
    servers.push(server);
    return server;
  }

  async function expectWorks(cache: Cache): Promise<void> {
    await isUp(cache);
    const lookups: Lookup[] = [];
    const stop = cache.on('lookup', (lookup) => lookups.push(lookup));
    expect(await cache.set('works', { a: 1 })).to.equal('applied');
    expect(await cache.get('works')).to.deep.equal({ a: 1 });
    expect(lookups).to.deep.equal([{ key: 'works', outcome: 'hit', tier: 'redis' }]);
    stop();
  }

  describe('an address', () => {
    it('is a URL, a URL object, or node-redis options with or without one', async () => {
      const { url, port } = stand.redis;
      const socket = { host: '127.0.0.1', port };
      for (const redis of [
        url,
        new URL(url),
        { url },
        { socket },
        { url, RESP: 2 },
        { url, RESP: 3 },
        { url, database: 3 },
      ]) {
        await expectWorks(stand.open({ redis: redis as string }));
      }
    });

    it('keeps its own settings, whatever the options say that would make it hang', async () => {
      const redis = {
        url: stand.redis.url,
        disableOfflineQueue: false,
        commandsQueueMaxLength: 2,
        commandOptions: { timeout: 1 },
        pingInterval: 10,
        socket: { socketTimeout: 50, reconnectStrategy: () => 60_000 },
      };
      const cache = stand.open({ redis: redis as never });
      await expectWorks(cache);
      const changes: unknown[] = [];
      cache.on('modechange', (change) => changes.push(change));
      await Promise.all(Array.from({ length: 500 }, (_, i) => cache.set(`k:${i}`, i)));
      expect(await cache.get('k:499')).to.equal(499);
      const idleUntil = performance.now() + 200;
      await until(() => performance.now() > idleUntil, 'it was idle longer than the socketTimeout');
      expect(changes).to.deep.equal([]);
    });

    it('is REDIS_URL when no option says otherwise', async () => {
      const before = process.env.REDIS_URL;
      process.env.REDIS_URL = stand.redis.url;
      try {
        const cache = createCache();
        await isUp(cache);
        expect(await cache.set('env', 1)).to.equal('applied');
        expect(await stand.redis.command('EXISTS', 'cache:env')).to.equal(1);
        await cache.close();
      } finally {
        if (before === undefined) delete process.env.REDIS_URL;
        else process.env.REDIS_URL = before;
      }
    });

    it('may have a resolver of its own', async () => {
      const lookup = (
        _host: string,
        options: { all?: boolean },
        done: (...args: unknown[]) => void,
      ): void => {
        if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
        else done(null, '127.0.0.1', 4);
      };
      const socket = { host: 'redis.test', port: stand.redis.port, lookup };
      await expectWorks(stand.open({ redis: { socket } as never }));
    });

    it('may be a Unix socket', async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'socket-')), 'redis.sock');
      await another(['--unixsocket', path]);
      await expectWorks(stand.open({ redis: `unix://${path}` }));
    });

    it('is not confused with a node of a cluster, even of one that has every slot', async () => {
      const server = await another(['--cluster-enabled', 'yes']);
      await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      const isWhole = async (): Promise<boolean> =>
        String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok');
      await until(isWhole, 'the cluster is whole');
      const cache = stand.open({ redis: server.url });
      await until(() => cache.status().reason === 'cluster_node', 'the cache says what it met');
      expect(cache.status().status).to.equal('degraded');
      expect(await cache.set('a', 1)).to.equal('deferred');
      expect(await cache.get('a')).to.equal(1);
    });

    it('with a user and a password is shown without them', async () => {
      await stand.redis.command('ACL', 'SETUSER', 'app', 'on', '>s3cret', '~*', '+@all');
      const redis = `redis://app:s3cret@127.0.0.1:${stand.redis.port}/0`;
      const cache = stand.open({ redis });
      await expectWorks(cache);
      expect(cache.status().message).to.match(
        /^Redis \(redis:\/\/\*\*\*@127\.0\.0\.1:\d+\/0\) serves\.$/,
      );
    });
  });

  describe('an adopted client', () => {
    it('is used, and neither connected nor closed by the cache', async () => {
      const own = client();
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await expectWorks(cache);
      await cache.close();
      expect(own.isReady).to.equal(true);
      expect(await own.ping()).to.equal('PONG');
    });

    it('may be connected later than the cache is made: until then memory serves', async () => {
      const own = client();
      const cache = stand.open({ redis: own as never });
      expect(await cache.set('early', 1)).to.equal('deferred');
      expect(await cache.get('early')).to.equal(1);
      await until(
        () => cache.status().reason === 'not_connected',
        'it is known that nobody has connected it',
      );
      expect(cache.status().message).to.match(/Call connect\(\)/);
      await own.connect();
      await expectWorks(cache);
      expect(cache.status().journal.entries).to.equal(0);
    });

    it('has its errors handled, and is used again when it has reconnected', async () => {
      const own = client({ socket: { reconnectStrategy: 20 } });
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await isUp(cache);
      for (let round = 0; round < 2; round++) {
        await stand.redis.kill();
        await isDegraded(cache);
        expect(await cache.getOrSet('a', () => 1)).to.equal(1);
        await stand.redis.restart();
        await expectWorks(cache);
      }
    });

    it('is not destroyed by a hang, and used again when it has answered', async function () {
      this.retries(2); // a real duration, on machines that are shared
      const own = client();
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await isUp(cache);
      stand.redis.hang();
      const startedAt = performance.now();
      for (let i = 0; i < 20; i++) await cache.get(`k:${i}`);
      expect(performance.now() - startedAt).to.be.below(1_500);
      expect(cache.status()).to.include({ status: 'degraded', reason: 'timeout' });
      stand.redis.thaw();
      await expectWorks(cache);
      expect(own.isReady).to.equal(true);
    });

    it('may have a command timer, type mappings and RESP 2: they do not reach the cache’s commands', async function () {
      this.retries(2); // a real duration, on machines that are shared
      const own = client({
        RESP: 2,
        commandOptions: { timeout: 5_000, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
      } as never);
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await expectWorks(cache);
      stand.redis.hang();
      const startedAt = performance.now();
      await cache.get('works');
      expect(performance.now() - startedAt).to.be.below(1_000);
      stand.redis.thaw();
      await expectWorks(cache);
    });

    it('serves two caches, and keeps no listener but one for errors when they are closed', async () => {
      const own = client();
      await own.connect();
      const before = own.eventNames().map((name) => [name, own.listenerCount(name)]);
      const caches = [stand.open({ redis: own as never }), stand.open({ redis: own as never })];
      for (const cache of caches) await expectWorks(cache);
      for (const cache of caches) await cache.close();
      const after = own.eventNames().filter((name) => name !== 'error');
      expect(after.map((name) => [name, own.listenerCount(name)])).to.deep.equal(
        before.filter(([name]) => name !== 'error'),
      );
    });

    it('that its owner closes counts as lost, and is used again when it has reconnected', async () => {
      const own = client();
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await isUp(cache);
      await own.close();
      await until(() => cache.status().reason === 'not_connected', 'it is missed');
      expect(await cache.set('a', 1)).to.equal('deferred');
      await own.connect();
      await expectWorks(cache);
    });

    it('does not serve another key’s value when a reply of it is lost', async () => {
      const own = client();
      await own.connect();
      const cache = stand.open({ redis: own as never });
      await isUp(cache);
      await cache.setMany([
        ['a', 'a'],
        ['b', 'b'],
      ]);
      // A command whose reply is somebody else’s: what a shifted connection looks like.
      const send = own.sendCommand.bind(own);
      let shift = 1;
      own.sendCommand = ((args: string[], options: object) =>
        send(
          args[0] === 'GET' && shift-- > 0 ? ['GET', String(args[1]).replace(/a$/, 'b')] : args,
          options,
        )) as never;
      expect(await cache.get('a')).to.equal(undefined);
      await isUp(cache);
      expect(await cache.get('b')).to.be.oneOf([undefined, 'b']);
    });
  });

  describe('a factory', () => {
    it('is asked for a fresh client for each attempt, and its clients are closed', async () => {
      const made: Client[] = [];
      const factory = (): Client => {
        made.push(client());
        return made.at(-1) as Client;
      };
      const cache = stand.open({ redis: factory as never });
      await expectWorks(cache);
      await stand.redis.kill();
      await isDegraded(cache);
      await stand.redis.restart();
      await expectWorks(cache);
      expect(made).to.have.lengthOf.at.least(2);
      expect(made.filter(({ isOpen }) => isOpen)).to.have.lengthOf(1);
      await cache.close();
      expect(made.filter(({ isOpen }) => isOpen)).to.have.lengthOf(0);
    });

    it('that throws is tried again', async () => {
      let calls = 0;
      const factory = (): Client => {
        if (++calls < 3) throw new Error(`no secret yet: password=hunter${calls}`);
        return client();
      };
      const cache = stand.open({ redis: factory as never });
      await until(() => cache.status().lastError !== undefined, 'it has failed');
      expect(cache.status().lastError).to.equal('no secret yet: password=***');
      await expectWorks(cache);
    });

    it('that makes something else gets an error that says what to make', async () => {
      const cache = stand.open({ redis: (() => ({})) as never });
      await until(() => cache.status().lastError !== undefined, 'it has failed');
      expect(cache.status().lastError).to.match(
        /what the redis function returns must be a node-redis client/,
      );
      expect(await cache.getOrSet('a', () => 1)).to.equal(1);
    });
  });

  it('never blocks the start, and never throws, because Redis is away', async function () {
    this.retries(2); // a real duration, on machines that are shared
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const startedAt = performance.now();
    const cache = stand.open({ redis });
    expect(performance.now() - startedAt).to.be.below(200);
    expect(cache.status()).to.include({ status: 'degraded', reason: 'connecting' });
    expect(await cache.set('a', 1)).to.equal('deferred');
    expect(await cache.get('a')).to.equal(1);
    expect(cache.status().reason).to.equal('connection_refused');
  });

  it('finds a Redis that comes up later', async () => {
    const port = await freePort();
    const cache = stand.open({ redis: `redis://127.0.0.1:${port}` });
    await cache.set('a', 1);
    servers.push(await RedisServer.start({ port }));
    const change = event(cache, 'modechange', ({ to }) => to === 'normal');
    expect((await change).from).to.equal('recovering');
    await expectWorks(cache);
  });
});
