import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { cacheMiddleware, createCache, healthRouter, parseDuration } from '../../lib/index.js';
import { messageOf } from './kit.js';

/** As plain JavaScript sees the package: no type stands in the way of a mistake. */
// biome-ignore lint/suspicious/noExplicitAny: the mistakes are those that types would refuse
const js = { cacheMiddleware, createCache, healthRouter, parseDuration } as any;
// biome-ignore lint/suspicious/noExplicitAny: as above
const cache = createCache({ redis: false, logger: false }) as any;

class Pool {
  query(): Promise<unknown> {
    return Promise.resolve([]);
  }
}
class Client extends EventEmitter {
  sendCommand(): void {}
}
class IoRedis extends EventEmitter {
  sendCommand(): void {}
  defineCommand(): void {}
  disconnect(): void {}
}
const pool = new Pool();
const ping = (): Promise<unknown> => pool.query();
const sql = Object.assign(() => ({}), { unsafe: () => Promise.resolve([]) });
const of = (options: object) => () => js.createCache({ logger: false, ...options });
const redis = (given: unknown) => of({ redis: given });
const health = (given: unknown) => () => js.healthRouter(given);

type Row = readonly [mistake: string, act: () => unknown, message: RegExp];

const CACHE: readonly Row[] = [
  ['a text', () => js.cacheMiddleware('redis://h:1'), /Write \{ redis: 'redis:\/\/…' \}/],
  ['a duration', () => js.cacheMiddleware('5m'), /Write \{ ttl: '5m' \}/],
  ['a number', () => js.createCache(300), /Write \{ ttl: 300 \}; the number is in milliseconds/],
  ['a client', () => js.createCache(new Client()), /Write \{ redis: client \}/],
  ['a function', () => js.createCache(() => new Client()), /Write \{ redis: \(\) => createClient/],
  ['{ url }', of({ url: 'redis://h' }), /no option 'url'\. Write redis: 'redis:\/\/localhost/],
  ['{ redisUrl }', of({ redisUrl: 'redis://h' }), /no option 'redisUrl'\. Write redis: 'redis:/],
  [
    '{ host, port }',
    of({ host: 'h', port: 1 }),
    /no option 'host'\. Write redis: \{ socket: \{ host/,
  ],
  ['{ client }', of({ client: {} }), /no option 'client'\. Write redis: client/],
  ['{ password }', of({ password: 'x' }), /no option 'password'\. Write redis: \{ password/],
  ['{ max }', of({ max: 500 }), /no option 'max'\. Write memory: \{ max: 100 \}/],
  ['{ maxSize }', of({ maxSize: 500 }), /no option 'maxSize'\. Write memory: \{ max: 100 \}/],
  ['{ stdTTL }', of({ stdTTL: 500 }), /no option 'stdTTL'\. Write ttl: '5m'/],
  ['{ namespace }', of({ namespace: 'a' }), /no option 'namespace'\. Write prefix/],
  ['{ keyPrefix }', of({ keyPrefix: 'a' }), /no option 'keyPrefix'\. Write prefix/],
  ['{ cacheStatus }', of({ cacheStatus: true }), /It is an option of cacheMiddleware\(\)/],
  ['{ tll }', of({ tll: 1 }), /no option 'tll'\. Did you mean 'ttl'\?/],
  [
    'ttl with bare digits',
    of({ ttl: '300000' }),
    /Write the unit: '300000ms' for milliseconds, '3/,
  ],
  ['ttl in words', of({ ttl: '5 minutes' }), /The units are ms, s, m, h and d/],
  [
    'cacheStatus in words',
    () => js.cacheMiddleware({ redis: false, cacheStatus: 'yes' }),
    /cacheStatus must be true or false, got 'yes'/,
  ],
];

const REDIS: readonly Row[] = [
  ['a path', redis('/run/redis.sock'), /Write unix:\/\/\/run\/redis\.sock for a socket/],
  ['no scheme', redis('localhost:6379'), /Write redis:\/\/ before it/],
  ['a name alone', redis('localhost'), /Write redis:\/\/ before it/],
  ['valkey://', redis('valkey://h:1'), /Write redis:\/\/ instead of valkey:\/\//],
  ['valkeys://', redis('valkeys://h:1'), /Write rediss:\/\/ instead of valkeys:\/\//],
  ['redis-sentinel://', redis('redis-sentinel://h:1'), /does not name the primary/],
  ['redis+cluster://', redis('redis+cluster://h:1'), /write redis-cluster:/],
  ['a list of nodes', redis(['redis://a:1', 'redis://b:1']), /redis: \{ cluster: \{ nodes/],
  ['a list of nodes as text', redis('a:1,b:2'), /write redis-cluster:/],
  ['http://', redis('http://h:1'), /begins with 'redis:\/\/', 'rediss:\/\/' or 'unix:\/\/', got/],
  ['a port', redis(6380), /Write redis: 'redis:\/\/localhost:6380'/],
  ['true', redis(true), /Leave it out for redis:\/\/localhost:6379/],
  ['an ioredis client', redis(new IoRedis()), /must be a node-redis client, got an ioredis client/],
  [
    "{ ulr: 'redis://…' }",
    redis({ ulr: 'redis://localhost' }),
    /no option 'ulr'\. Did you mean 'url'\?/,
  ],
  [
    '{ socket: { prot } }',
    redis({ socket: { prot: 1 } }),
    /no option 'socket\.prot'\. Did you mean 'socket\.port'\?/,
  ],
  [
    '{ socket: { portt } }',
    redis({ socket: { portt: 1 } }),
    /no option 'socket\.portt'\. Did you mean 'socket\.port'\?/,
  ],
  ['{ passwort }', redis({ passwort: 'x' }), /no option 'passwort'\. Did you mean 'password'\?/],
];

const CALLS: readonly Row[] = [
  [
    'set(k, v, 60)',
    () => cache.set('k', 1, 60),
    /got 60\. Write \{ ttl: 60 \}; the number is in mi/,
  ],
  [
    "getOrSet(k, f, '5m')",
    () => cache.getOrSet('k', () => 1, '5m'),
    /got '5m'\. Write \{ ttl: '5m' \}/,
  ],
  ['set(k, v, { EX })', () => cache.set('k', 1, { EX: 60 }), /no option 'EX'\. Write ttl: '5m'/],
  [
    'getOrSet with { maxAge }',
    () => cache.getOrSet('k', () => 1, { maxAge: 60 }),
    /Write ttl: '5m'/,
  ],
  [
    'delete([a, b])',
    () => cache.delete(['a', 'b']),
    /got an array\. For several keys call getMany\(\)/,
  ],
  ['get([a, b])', () => cache.get(['a', 'b']), /got an array\. For several keys call getMany\(\)/],
  [
    "getMany('ab')",
    () => cache.getMany('ab'),
    /must be an array of keys, got 'ab'\. Write one array/,
  ],
  ["getMany('a', 'b')", () => cache.getMany('a', 'b'), /must be an array of keys, got 'a'/],
  ["deleteMany('a', 'b')", () => cache.deleteMany('a', 'b'), /must be an array of keys, got 'a'/],
  [
    "getOrSetMany('ab')",
    () => cache.getOrSetMany('ab', () => new Map()),
    /must be an array of keys/,
  ],
  ['getMany of an iterator', () => cache.getMany(new Map().keys()), /must be an array of keys/],
  [
    'setMany({ a: 1 })',
    () => cache.setMany({ a: 1 }),
    /the entries must be a list of pairs of key and value, got an object\. Write/,
  ],
  ["setMany('ab')", () => cache.setMany('ab'), /the entries must be a list of pairs/],
  ['setMany(undefined)', () => cache.setMany(), /the entries must be a list of pairs/],
  [
    "setMany(['a', 5])",
    () => cache.setMany(['a', 5]),
    /entry 0 of setMany\(\) must be a pair of key and value, got 'a'/,
  ],
  [
    'setMany([[key]])',
    () => cache.setMany([['a', 1], ['b']]),
    /entry 1 of setMany\(\) must be a pair/,
  ],
  [
    'setMany([{ key, value }])',
    () => cache.setMany([{ key: 'a', value: 1 }]),
    /entry 0 of setMany/,
  ],
  [
    'wrap(promise)',
    () => cache.wrap(Promise.resolve(1), { key: () => 'k' }),
    /the function given to wrap\(\) must be a function, got a Promise/,
  ],
  [
    'wrap(fn)',
    () => cache.wrap(ping),
    /the key given to wrap\(\) must be a function, got undefined/,
  ],
  [
    "wrap(fn, { key: 'k' })",
    () => cache.wrap(ping, { key: 'k' }),
    /the key given to wrap\(\) must be a function, got 'k'/,
  ],
  [
    'wrap(fn, { ttl: bad })',
    () => cache.wrap(ping, { key: () => 'k', ttl: '5' }),
    /Write the unit: '5ms'/,
  ],
  [
    "parseDuration('300')",
    () => js.parseDuration('300'),
    /Write the unit: '300ms' for milliseconds/,
  ],
  ['parseDuration(undefined)', () => js.parseDuration(undefined), /must be text such as '300ms'/],
  ['parseDuration(300)', () => js.parseDuration(300), /must be text such as '300ms'/],
];

const HEALTH: readonly Row[] = [
  ['healthRouter(ping)', health(ping), /Write healthRouter\(\{ database: ping \}\)/],
  [
    'healthRouter(pool)',
    health(pool),
    /Write healthRouter\(\{ database: \(\) => pool\.query\('SELECT 1'\)/,
  ],
  [
    'healthRouter(promise)',
    health(ping()),
    /got a Promise\. Write healthRouter\(\{ database: \(\) =>/,
  ],
  ["healthRouter('/health')", health('/health'), /Write app\.use\('\/health', healthRouter\(\)\)/],
  [
    '{ database: pool }',
    health({ database: pool }),
    /the check 'database' must be .*got a Pool\. Write database: \(\) => pool\.query/,
  ],
  [
    '{ database: promise }',
    health({ database: ping() }),
    /got a Promise\. A promise is the answer to one ping/,
  ],
  [
    '{ database: sql }',
    health({ database: sql }),
    /Write database: \(\) => sql\.unsafe\('SELECT 1'\)/,
  ],
  [
    "{ database: 'postgres://…' }",
    health({ database: 'postgres://h' }),
    /Write database: \(\) => pool\.query/,
  ],
  [
    '{ database: { check: pool } }',
    health({ database: { check: pool } }),
    /Write database: \(\) => pool/,
  ],
  [
    '{ checks: { search: pool } }',
    health({ checks: { search: pool } }),
    /Write checks: \{ search: \(\) => pool/,
  ],
  ['{ checks: [ping] }', health({ checks: [ping] }), /an object of checks by name, got an array/],
  [
    '{ checks: { live } }',
    health({ checks: { live: ping } }),
    /'live' means something in the report or in a path/,
  ],
  ['{ db: ping }', health({ db: ping }), /no option 'db'\. Write database: \(\) =>/],
  ['{ redis: ping }', health({ redis: ping }), /no option 'redis'\. Write cache: what/],
  ['{ path }', health({ path: '/health' }), /no option 'path'\. Write app\.use\('\/health'/],
];

describe('options of the driver', () => {
  const RIGHT: readonly object[] = [
    { socket: { socketTimeout: 5_000, connectTimeout: 300, timeout: 5_000, key: 'k', cert: 'c' } },
    { name: 'shop', RESP: 2, pingInterval: 1_000, modules: {}, keyPrefix: 'a' },
    { socket: { family: 4, hints: 0, noDelay: true, localPort: 0, session: undefined } },
    { anOptionOfALaterDriver: true, socket: { anotherOne: 1 } },
  ];
  for (const options of RIGHT) {
    it(`are not taken for misspelt ones: ${JSON.stringify(options)}`, async () => {
      const { cache } = js.cacheMiddleware({ redis: options, logger: false });
      await cache.close();
    });
  }
});

for (const [what, rows] of [
  ['options of the cache', CACHE],
  ['the address of Redis', REDIS],
  ['arguments of a call', CALLS],
  ['options of the health router', HEALTH],
] as const) {
  describe(`a mistake in ${what} is refused with advice`, () => {
    for (const [mistake, act, expected] of rows) {
      it(mistake, async () => {
        const message = await messageOf(act);
        expect(message).to.match(expected);
        expect(message).to.match(/ See express-cache-health\/docs\/errors\.md#err_[a-z_]+$/);
      });
    }
  });
}
