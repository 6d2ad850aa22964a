import { nearest } from '../core/validate.js';

const CLUSTER = 'For a Redis Cluster write redis-cluster://host1:6379,host2:6379.';

/** What to write instead of addresses that Redis does not have, by how they begin. */
const ADDRESSES: readonly (readonly [begin: RegExp, advice: string])[] = [
  [/^valkeys:/i, 'Write rediss:// instead of valkeys://.'],
  [/^valkey:/i, 'Write redis:// instead of valkey://.'],
  [/^(?:tls|redis\+tls|redis\+ssl):/i, 'Write rediss:// for TLS.'],
  [
    /^[a-z+-]*sentinel[a-z+-]*:/i,
    'For Sentinel write redis-sentinel://host1:26379,host2:26379#mymaster.',
  ],
  [/^[a-z+-]*cluster[a-z+-]*:|^.*,.*:\d+/i, CLUSTER],
  [/^(?:\/|\.\/)/, 'Write unix:///run/redis.sock for a socket.'],
  [/^[\w.-]+(?::\d+)?(?:\/\d*)?$/, 'Write redis:// before it.'],
];

/** What to write instead of `text`, which is no address of a Redis. */
export function addressAdvice(text: string): string {
  const known = ADDRESSES.find(([begin]) => begin.test(text.trim()));
  return known?.[1] ?? 'Pass redis: false for memory alone.';
}

/** What to write where something else than an address, options or a client was given. */
export function redisAdvice(given: unknown): string | undefined {
  if (Array.isArray(given))
    return "For a Redis Cluster write redis: { cluster: { nodes: ['redis://host:6379'] } }.";
  if (typeof given === 'number') return `Write redis: 'redis://localhost:${given}'.`;
  return given === true ? 'Leave it out for redis://localhost:6379.' : undefined;
}

/** A client of another package, by its name and a method that it alone has. */
const CLIENTS: readonly (readonly [name: string, methods: readonly string[]])[] = [
  ['an ioredis client', ['defineCommand', 'disconnect']],
  ['a client of redis 3', ['send_command', 'internal_send_command']],
];

export function foreignClient(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const client = value as Readonly<Record<string, unknown>>;
  const known = CLIENTS.find(([, methods]) =>
    methods.every((method) => typeof client[method] === 'function'),
  );
  return known?.[0];
}

/** The driver ignores a misspelt option. These are its own and those of Node's sockets. */
const OPTIONS = [
  'url',
  'sentinel',
  'cluster',
  'socket',
  'username',
  'password',
  'database',
  'credentialsProvider',
  'clientSideCache',
];
const SOCKET = [
  'host',
  'port',
  'path',
  'family',
  'connectTimeout',
  'keepAlive',
  'keepAliveInitialDelay',
  'noDelay',
  'servername',
  'passphrase',
  'rejectUnauthorized',
  'checkServerIdentity',
  'minVersion',
  'maxVersion',
  'ciphers',
];
const SHORTEST = 4;

/** A misspelt option of the driver, and how to write it. */
export function misspelt(options: object): readonly [key: string, right: string] | undefined {
  const { socket } = options as { readonly socket?: unknown };
  const inSocket = typeof socket === 'object' && socket !== null ? Object.keys(socket) : [];
  return (
    misspeltIn(Object.keys(options), OPTIONS) ??
    (misspeltIn(inSocket, SOCKET)?.map((name) => `socket.${name}`) as [string, string] | undefined)
  );
}

/** Only a longer word that is nearly one of ours: the driver may have options that we do not know. */
function misspeltIn(
  keys: readonly string[],
  known: readonly string[],
): readonly [string, string] | undefined {
  for (const key of keys) {
    if (known.includes(key) || key.length < SHORTEST || TAKEN.has(key)) continue;
    const right = nearest(key, known);
    if (right !== undefined && Math.abs(right.length - key.length) <= 1) return [key, right];
  }
  return undefined;
}

/** Options that are right and look like others. */
const TAKEN: ReadonlySet<string> = new Set([
  'name',
  'cert',
  'crl',
  'hints',
  'lookup',
  'port',
  'host',
  'path',
]);
