import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { createClient } from 'redis';
import { type Cache, cacheMiddleware, createCache } from '../../lib/index.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { unhandled, until } from '../support/wait.js';
import { isDegraded, isUp, Stand } from './stand.js';

const LIB = pathToFileURL(join(__dirname, '../../lib/index.js')).href;

/** How long a process that has nothing to do any more may take to end, on a machine that others use too. */
const EXIT_MS = 1_500;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Runs a program that says 'done' when nothing is left to do; resolves to how long it then takes to end. */
async function msToExit(program: string): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const doneAt = performance.now();
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 5_000);
  const [code] = await ended;
  clearTimeout(tooLong);
  children.delete(child);
  expect(code, 'the exit code (null: it had to be killed)').to.equal(0);
  return performance.now() - doneAt;
}

describe('integration: close', () => {
  let stand: Stand;
  let proxy: FaultProxy;
  let loose: ReturnType<typeof unhandled>;
  beforeEach(async () => {
    stand = await Stand.start();
    proxy = await FaultProxy.start(stand.redis.port);
    loose = unhandled();
  });
  afterEach(async () => {
    stand.redis.thaw();
    await stand.closeCaches();
    await proxy.close();
    await stand.stop();
    expect(loose.stop()).to.deep.equal([]);
  });

  it('ends a load whose key is still being read', async () => {
    for (const redis of [stand.redis.url, false] as const) {
      const cache = createCache({ redis, logger: false });
      if (redis !== false) await isUp(cache);
      let runs = 0;
      const loader = (): Promise<never> => {
        runs++;
        return new Promise(() => {});
      };
      const codeOf = (call: Promise<unknown>): Promise<unknown> =>
        call.then(
          () => 'a value',
          (error) => error.code,
        );
      const codes = [
        codeOf(cache.getOrSet('a', loader)),
        codeOf(cache.getOrSetMany(['b', 'c'], loader)),
      ];
      await cache.close();
      expect(await Promise.all(codes)).to.deep.equal(['ERR_CACHE_CLOSED', 'ERR_CACHE_CLOSED']);
      expect(runs, 'none begins after close()').to.equal(0);
      expect(await cache.getOrSet('later', () => 'loads')).to.equal('loads');
    }
  });

  const many = Array.from({ length: 3_000 }, (_, i) => `many:${i}`);
  const unawaited: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
    set: (cache) => cache.set('a', 'new'),
    delete: (cache) => cache.delete('a'),
    setMany: (cache) => cache.setMany(many.map((key) => [key, 'new'])),
    deleteMany: (cache) => cache.deleteMany(['a', ...many]),
    clear: (cache) => cache.clear(),
    'clear(pattern)': (cache) => cache.clear('a*'),
    invalidateTags: (cache) => cache.invalidateTags(['red']),
    'set twice, within a namespace': (cache) => {
      const tenant = cache.namespace('t');
      void tenant.set('a', 'first');
      return tenant.set('a', 'new');
    },
  };
  for (const when of ['connected', 'still connecting'] as const) {
    for (const [change, call] of Object.entries(unawaited)) {
      it(`waits for ${change} that no caller awaits, ${when}`, async () => {
        const prefix = stand.prefix();
        const other = await stand.cache({ prefix, memory: false });
        await other.set('a', 'old', { tags: ['red'] });
        await other.setMany(many.map((key) => [key, 'old']));
        const options = { redis: proxy.url, prefix, logger: false, commandTimeout: '5s' } as const;
        const cache = createCache(options);
        if (when === 'connected') await isUp(cache);
        const answer = call(cache);
        await cache.close();
        expect(await answer).to.equal('applied');
        // Another process learns of a clear and of a tag within a heartbeat.
        const isGone = async (): Promise<boolean> => !(await other.has('a'));
        if (!change.startsWith('set')) await until(isGone, 'another process finds it gone');
        const found = await other.getMany(many);
        const tenant = await other.namespace('t').get('a');
        if (change === 'set') expect(await other.get('a')).to.equal('new');
        if (change === 'setMany') expect(new Set(found.values())).to.deep.equal(new Set(['new']));
        if (change === 'deleteMany') expect(found.size).to.equal(0);
        if (change.startsWith('set twice')) expect(tenant).to.equal('new');
      });
    }
  }

  it('does not wait for a Redis that hangs for longer than half a second', async () => {
    const cache = createCache({ redis: proxy.url, logger: false, commandTimeout: 400 });
    await isUp(cache);
    stand.redis.hang();
    const answers = [cache.set('a', 1), cache.deleteMany(many), cache.clear('b*')];
    await cache.close();
    expect(await Promise.all(answers)).to.deep.equal(['deferred', 'deferred', 'deferred']);
  });

  const isClosed = (): Promise<void> =>
    until(() => proxy.connections === 0, 'the connection is closed', 500);

  const states: Readonly<Record<string, () => Promise<ReturnType<typeof createCache>>>> = {
    normal: async () => {
      const cache = createCache({ redis: proxy.url, logger: false });
      await isUp(cache);
      return cache;
    },
    'just made': async () => createCache({ redis: proxy.url, logger: false }),
    'connecting to a server that says nothing': async () => {
      proxy.say('');
      const cache = createCache({ redis: proxy.url, logger: false });
      await until(() => proxy.connections === 1, 'it is connecting');
      return cache;
    },
    'probing a server that has stopped answering': async () => {
      proxy.slow(80);
      const cache = createCache({ redis: proxy.url, logger: false });
      await until(() => proxy.connections === 1, 'it is connecting');
      return cache;
    },
    hung: async () => {
      const cache = createCache({ redis: proxy.url, logger: false });
      await isUp(cache);
      stand.redis.hang();
      void cache.get('a');
      return cache;
    },
    'known to hang': async () => {
      const cache = createCache({ redis: proxy.url, logger: false });
      await isUp(cache);
      stand.redis.hang();
      await isDegraded(cache);
      return cache;
    },
    'read-only': async () => {
      const cache = createCache({ redis: proxy.url, logger: false });
      await isUp(cache);
      await stand.redis.command('CONFIG', 'SET', 'maxmemory', '1');
      await cache.set('a', 1);
      await isDegraded(cache);
      return cache;
    },
    refused: async () => {
      const cache = createCache({ redis: `redis://127.0.0.1:${await freePort()}`, logger: false });
      await until(() => cache.status().reason === 'connection_refused', 'it is refused');
      return cache;
    },
    'memory alone': async () => createCache({ redis: false, logger: false }),
  };

  for (const [state, make] of Object.entries(states)) {
    it(`${state}: ends the connection at once, twice, and goes on answering from memory`, async () => {
      const cache = await make();
      await cache.close();
      await isClosed();
      await cache.close();
      await cache.set('after', 1);
      expect(await cache.get('after')).to.equal(1);
      expect(await cache.getOrSet('loaded', () => 2)).to.equal(2);
      await cache.delete('after');
      await cache.clear();
      expect(await cache.has('after')).to.equal(false);
      expect(cache.status().connected).to.equal(false);
      if (state !== 'memory alone') expect(cache.status().reason).to.equal('closed');
      expect(proxy.connections).to.equal(0);
    });
  }

  it('settles what is in flight: reads, writes, loads and clears', async function () {
    this.retries(2); // a real duration, on machines that are shared
    const cache = createCache({ redis: proxy.url, logger: false, commandTimeout: '5s' });
    await isUp(cache);
    stand.redis.hang();
    const calls = [
      cache.get('a'),
      cache.set('a', 1),
      cache.delete('b'),
      cache.clear('c:*'),
      cache.getMany(['a', 'b']),
    ];
    const loading = cache.getOrSet('d', () => 'loaded').catch((error) => error.code);
    const startedAt = performance.now();
    await cache.close();
    await Promise.all(calls);
    expect(await loading).to.equal('ERR_CACHE_CLOSED');
    expect(performance.now() - startedAt).to.be.below(1_000);
  });

  it('through the middleware or a request closes the same cache', async () => {
    const middleware = cacheMiddleware({ redis: proxy.url, logger: false });
    await isUp(middleware.cache);
    const req = {} as Parameters<typeof middleware>[0];
    middleware(req, {} as Parameters<typeof middleware>[1], () => {});
    await req.cache.close();
    await isClosed();
    expect(middleware.cache.status().reason).to.equal('closed');
  });

  describe('lets the process end', () => {
    let unreachable:
      | { readonly server: RedisServer; readonly queue: readonly Socket[] }
      | undefined;
    afterEach(async () => {
      for (const socket of unreachable?.queue ?? []) socket.destroy();
      await unreachable?.server.stop();
      unreachable = undefined;
    });

    /** A frozen server whose queue of connections is full. */
    async function unreachableUrl(): Promise<string> {
      const server = await RedisServer.start({ args: ['--tcp-backlog', '1'] });
      server.hang();
      unreachable = { server, queue: Array.from({ length: 8 }, () => knock(server.port)) };
      return JSON.stringify(server.url);
    }

    const knock = (port: number): Socket => connect(port, '127.0.0.1').on('error', () => {});

    const program = (redis: string, then: string): string => `
      const { createCache } = await import(${JSON.stringify(LIB)});
      const cache = createCache({ redis: ${redis}, logger: false });
      const status = async (wanted) => {
        while (cache.status().status !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      ${then}
      console.log('done');
    `;
    const url = (): string => JSON.stringify(proxy.url);

    const cases: Readonly<Record<string, () => Promise<string>>> = {
      'after close() in normal mode': async () =>
        program(url(), "await status('up'); await cache.close();"),
      'after close() at once': async () => program(url(), 'await cache.close();'),
      'after close() while it is refused': async () => {
        const away = `'redis://127.0.0.1:${await freePort()}'`;
        return program(away, "await cache.get('a'); await cache.get('b'); await cache.close();");
      },
      'after close() while it connects to a server that says nothing': async () => {
        proxy.say('');
        return program(url(), "await cache.get('a'); await cache.close();");
      },
      'after close() while Redis hangs': async () => {
        const hang = `process.kill(${stand.redis.pid}, 'SIGSTOP');`;
        return program(
          url(),
          `await status('up'); ${hang} void cache.get('a'); await status('degraded'); await cache.close();`,
        );
      },
      'after close() while nothing answers its SYN': async () => {
        const url = await unreachableUrl();
        return program(url, "await cache.get('a'); await cache.close();");
      },
      'without close(), while nothing answers its SYN': async () =>
        program(await unreachableUrl(), "await cache.get('a');"),
      'without close(), in normal mode': async () =>
        program(url(), "await status('up'); await cache.set('a', 1);"),
      'without close(), while it is refused': async () =>
        program(`'redis://127.0.0.1:${await freePort()}'`, "await cache.set('a', 1);"),
      'without close(), with memory alone': async () =>
        program('false', "await cache.set('a', 1);"),
      'without close(), with a loader that never ends but one caller that has gone': async () =>
        program(
          url(),
          "await status('up'); const gone = AbortSignal.timeout(20); await cache.getOrSet('a', () => new Promise(() => {}), { signal: gone }).catch(() => {});",
        ),
    };
    for (const [name, source] of Object.entries(cases)) {
      it(name, async function () {
        this.retries(2); // a real duration, on machines that are shared
        expect(await msToExit(await source())).to.be.below(EXIT_MS);
      });
    }
  });

  it('leaves an adopted client to its owner, connected or not', async () => {
    const own = createClient({ url: stand.redis.url });
    const cache = createCache({ redis: own as never, logger: false });
    await cache.close();
    expect(own.isOpen).to.equal(false);
    await own.connect();
    expect(cache.status().reason).to.equal('closed');
    const again = createCache({ redis: own as never, logger: false });
    await isUp(again);
    await again.close();
    expect(await own.ping()).to.equal('PONG');
    own.destroy();
  });
});
