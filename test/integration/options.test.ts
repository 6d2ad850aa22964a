import { expect } from 'chai';
import { createClient, createClientPool, createCluster } from 'redis';
import {
  type CacheOptions,
  cacheMiddleware,
  createCache,
  isCacheHealthError,
} from '../../lib/index.js';

/** Where the error is explained: the end of each message. */
const ADDRESS = / See express-cache-health\/docs\/errors\.md#err_cache_option$/;

describe('integration: options that teach', () => {
  const WRONG: readonly (readonly [unknown, RegExp])[] = [
    [{ tll: '5m' }, /^the cache has no option 'tll'\. Did you mean 'ttl'\?$/],
    [{ comandTimeout: 50 }, /Did you mean 'commandTimeout'\?/],
    [{ perfix: 'x' }, /Did you mean 'prefix'\?/],
    [{ colour: 'red' }, /^the cache has no option 'colour'\. Known options: redis, prefix, ttl, /],
    ['redis://localhost', /^the cache must be an object of options, got 'redis:\/\/localhost'\./],
    [null, /^the cache must be an object of options, got null\./],
    [[], /got an array/],
    [
      { ttl: '5 minutes' },
      /^ttl must be a number of milliseconds or text such as '30s', '5m' or '1h', got '5 minutes'\./,
    ],
    [{ ttl: 0 }, /^ttl must be a duration from 1 ms to 10 years, got 0\.$/],
    [{ ttl: -1 }, /ttl must be/],
    [{ ttl: Number.NaN }, /ttl must be/],
    [{ ttl: Number.POSITIVE_INFINITY }, /ttl must be/],
    [{ ttl: true }, /ttl must be/],
    [{ commandTimeout: 0 }, /^commandTimeout must be a duration from 1 ms/],
    [{ commandTimeout: 'fast' }, /^commandTimeout must be a number/],
    [
      { prefix: '' },
      /^prefix must be a text of 1 to 256 characters, got ''\. It keeps this cache apart/,
    ],
    [{ prefix: 7 }, /^prefix must be a text/],
    [{ prefix: 'x'.repeat(257) }, /^prefix must be a text/],
    [{ memory: true }, /^memory must be an object of options, got true\.$/],
    [{ memory: { max: 0 } }, /^memory\.max must be a whole number from 1 to/],
    [{ memory: { max: 1.5 } }, /^memory\.max must be a whole number/],
    [{ memory: { max: '100' } }, /^memory\.max must be a whole number from 1 to \d+, got '100'\.$/],
    [{ memory: { maxByte: 1 } }, /^memory has no option 'maxByte'\. Did you mean 'maxBytes'\?$/],
    [{ memory: { outageTtl: 'x' } }, /^memory\.outageTtl must be/],
    [{ journal: { max: 0 } }, /^journal\.max must be a whole number/],
    [{ journal: { size: 1 } }, /^journal has no option 'size'/],
    [
      { logger: true },
      /^logger must be an object with info\(\), warn\(\) and error\(\), or false, got true/,
    ],
    [{ logger: { info() {}, error() {} } }, /It has no warn\(\)/],
    [{ ttlJitter: 0.5 }, /^ttlJitter must be a share from 0 to 0\.1, got 0\.5\.$/],
    [{ redis: 'http://localhost' }, /^redis must be a URL that begins with/],
    [{ redis: 'localhost:6379' }, /^redis must be a URL/],
    [{ redis: { host: 'x' } }, /^redis has no option 'host'\. Write redis: { socket: { host/],
    [
      { redis: { socket: {}, port: 1 } },
      /^redis has no option 'port'\. Write redis: { socket: { port/,
    ],
    [
      { redis: { url: 'redis://localhost', db: 1 } },
      /^redis has no option 'db'\. Write redis: { database/,
    ],
    [{ redis: '' }, /^redis must be a URL/],
    [{ redis: 'redis://localhost/not-a-number' }, /is not a Redis address: Invalid pathname/],
    [
      { redis: 'redis://:50%off@localhost' },
      /^redis is an address whose user or password .+ Encode it/,
    ],
    [{ redis: { url: 'nonsense' } }, /^redis\.url must be a URL/],
    [{ redis: true }, /^redis must be a URL such as .+, or false, got true\./],
    [{ redis: 6379 }, /got 6379/],
    [{ redis: null }, /got null/],
    [
      { redis: { sendCommand() {} } },
      /^redis must be a node-redis client, got an object\. It has no connect\(\), destroy\(\), on\(\), off\(\)\./,
    ],
  ];

  for (const [options, message] of WRONG) {
    it(`refuses ${name(options)}`, () => {
      for (const make of [createCache, cacheMiddleware]) {
        const error = thrownBy(() => make(options as CacheOptions));
        expect(error.message).to.match(ADDRESS);
        expect(error.message.replace(ADDRESS, '')).to.match(message);
        expect(error).to.have.property('code', 'ERR_CACHE_OPTION');
        expect(isCacheHealthError(error)).to.equal(true);
      }
    });
  }

  it('shows no password of a wrong URL', () => {
    for (const redis of [
      'http://:s3cret@localhost',
      'redis://:s3cret@localhost/x',
      'redis://u:s3cret%@localhost',
    ]) {
      const error = thrownBy(() => createCache({ redis }));
      expect(error.message).to.not.include('s3cret');
      expect(`${error.cause}`).to.not.include('s3cret');
    }
  });

  it('names REDIS_URL when it is wrong', () => {
    const before = process.env.REDIS_URL;
    process.env.REDIS_URL = 'nonsense';
    try {
      expect(thrownBy(() => createCache()).message).to.match(/^REDIS_URL must be a URL/);
    } finally {
      if (before === undefined) delete process.env.REDIS_URL;
      else process.env.REDIS_URL = before;
    }
  });

  it('refuses anything but a single client: a pool, a cluster', () => {
    const pool = createClientPool({ url: 'redis://127.0.0.1:1' });
    const cluster = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] });
    for (const redis of [pool, cluster]) {
      const error = thrownBy(() => createCache({ redis: redis as never, logger: false }));
      expect(error).to.have.property('code', 'ERR_CACHE_OPTION');
    }
  });

  it('takes undefined for absent, everywhere', async () => {
    const options = {
      redis: false,
      prefix: undefined,
      ttl: undefined,
      commandTimeout: undefined,
      memory: { max: undefined, maxBytes: undefined, outageTtl: undefined },
      journal: undefined,
      logger: undefined,
      grace: undefined,
    } as unknown as CacheOptions;
    const cache = createCache(options);
    expect(cache.status().memory).to.include({ max: 100, maxBytes: 16 * 1024 * 1024 });
    await cache.close();
  });

  it('does not change the given options, nor follow later changes of them', async () => {
    const memory = { max: 5 };
    const options = Object.freeze({ redis: false, memory, logger: false }) as CacheOptions;
    const cache = createCache(options);
    memory.max = 7;
    expect(cache.status().memory?.max).to.equal(5);
    await cache.close();
  });

  it('leaves nothing open when it throws', () => {
    const before = process.getActiveResourcesInfo().length;
    expect(() => createCache({ redis: 'redis://127.0.0.1:1', ttl: 0 })).to.throw();
    expect(() => createCache({ redis: createClient(), ttl: 0 })).to.throw();
    expect(process.getActiveResourcesInfo().length).to.equal(before);
  });
});

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function name(options: unknown): string {
  const text = JSON.stringify(options, (_key, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
