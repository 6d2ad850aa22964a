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

/** The driver ignores a misspelt option. These are its own and ours. */
const OPTIONS =
  'url sentinel cluster socket username password credentialsProvider name database keyPrefix commandsQueueMaxLength disableOfflineQueue readonly pingInterval RESP commandOptions clientSideCache himportRegistry disableClientInfo clientInfoTag emitInvalidate maintNotifications maintEndpointType maintRelaxedCommandTimeout maintRelaxedSocketTimeout modules scripts functions typeMapping'.split(
    ' ',
  );

/** Those of its socket, which are those of `net.connect()` and `tls.connect()` too. */
const SOCKET =
  'tls connectTimeout reconnectStrategy socketTimeout host port path localAddress localPort hints family lookup noDelay keepAlive keepAliveInitialDelay autoSelectFamily autoSelectFamilyAttemptTimeout timeout onread fd allowHalfOpen readable writable signal socket checkServerIdentity servername session minDHSize pskCallback ALPNCallback allowPartialTrustChain ca cert sigalgs ciphers clientCertEngine crl dhparam ecdhCurve honorCipherOrder key privateKeyEngine privateKeyIdentifier maxVersion minVersion passphrase pfx secureOptions secureProtocol sessionIdContext ticketKeys sessionTimeout secureContext enableTrace requestCert ALPNProtocols SNICallback rejectUnauthorized'.split(
    ' ',
  );

/** A shorter word is near to too many others. */
const SHORTEST = 4;

/** A misspelt option of the driver, and how to write it. */
export function misspelt(options: object): readonly [key: string, right: string] | undefined {
  const { socket } = options as { readonly socket?: unknown };
  const wrong = misspeltIn(options, OPTIONS);
  if (wrong !== undefined || typeof socket !== 'object' || socket === null) return wrong;
  const [key, right] = misspeltIn(socket, SOCKET) ?? [];
  return key === undefined ? undefined : [`socket.${key}`, `socket.${right}`];
}

/** Only what is one or two letters away from a name: the driver may have options that we do not know. */
function misspeltIn(
  options: object,
  known: readonly string[],
): readonly [string, string] | undefined {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    // Two letters in each other's place: 'ulr', 'prot'.
    const swapped = known.find((name) => lettersOf(name) === lettersOf(key));
    const isLong = key.length >= SHORTEST;
    const right = swapped ?? (isLong ? nearest(key, known, key.length < 8 ? 1 : 2) : undefined);
    if (right !== undefined) return [key, right];
  }
  return undefined;
}

function lettersOf(word: string): string {
  return [...word].sort().join('');
}
