import { LIFETIME_HINTS, lifetimeAdvice } from '../loading/option-hints.js';

const URL = "Write redis: 'redis://localhost:6379'.";
const SOCKET =
  "Write redis: { socket: { host: 'localhost', port: 6379 } }, or redis: 'redis://localhost:6379'.";
const CLIENT = 'Write redis: client.';
const MAX = 'Write memory: { max: 100 }.';

/** What to write instead of options that other packages have, by their names in lower case. */
export const CACHE_HINTS: Readonly<Record<string, string>> = Object.freeze({
  ...LIFETIME_HINTS,
  url: URL,
  uri: URL,
  redisurl: URL,
  redisuri: URL,
  connectionstring: URL,
  connection: URL,
  server: URL,
  address: URL,
  host: SOCKET,
  hostname: SOCKET,
  port: SOCKET,
  socket: SOCKET,
  redishost: SOCKET,
  redisport: SOCKET,
  user: "Write redis: { username: '…', password: '…' }.",
  username: "Write redis: { username: '…', password: '…' }.",
  password: "Write redis: { password: '…' }.",
  auth: "Write redis: { password: '…' }.",
  db: 'Write redis: { database: 0 }.',
  database:
    'Write redis: { database: 0 }. (The database of your application belongs to healthRouter().)',
  tls: "Write redis: 'rediss://…', or redis: { socket: { tls: true } }.",
  resp: 'Write redis: { RESP: 2 }.',
  client: CLIENT,
  redisclient: CLIENT,
  store: CLIENT,
  stores: CLIENT,
  redisoptions: 'Write redis: { … }.',
  max: MAX,
  maxentries: MAX,
  maxitems: MAX,
  maxkeys: MAX,
  maxsize: MAX,
  size: MAX,
  lru: MAX,
  lrusize: MAX,
  maxbytes: 'Write memory: { maxBytes: 16_777_216 }.',
  outagettl: "Write memory: { outageTtl: '30s' }.",
  keyprefix: "Write prefix: 'shop:'.",
  namespace: "Write prefix: 'shop:'.",
  timeout: "Write commandTimeout: '100ms' for Redis, or loaderTimeout: '60s' for loaders.",
  jitter: 'Write ttlJitter: 0.1.',
  log: 'Write logger: console.',
  debug: 'Start the process with NODE_DEBUG=express-cache-health.',
  disabled: 'Write enabled: false.',
  retrystrategy: 'Leave it out: the cache connects again by itself.',
  reconnectstrategy: 'Leave it out: the cache connects again by itself.',
  cachestatus: 'It is an option of cacheMiddleware().',
});

/** What to write where something else than options was given. */
export function optionsAdvice(given: unknown): string {
  if (typeof given === 'string' && given.includes(':')) return "Write { redis: 'redis://…' }.";
  if (given instanceof globalThis.URL) return "Write { redis: 'redis://…' }.";
  if (isClient(given)) return 'Write { redis: client }.';
  if (typeof given === 'function') return 'Write { redis: () => createClient() }.';
  return lifetimeAdvice(given) ?? 'Pass a plain object, such as { ttl: 300_000 }.';
}

/** A client of Redis, whatever its package. */
function isClient(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'sendCommand' in given;
}
