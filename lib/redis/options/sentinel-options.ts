import { invalid, parseOptions, type Subject } from '../../core/validate.js';
import { type Address, addressText } from '../address.js';
import {
  type ConnectTo,
  makeClient,
  type RedisClientOptions,
  type SentinelServers,
} from '../connection/client.js';
import { DEFAULT_PORTS, type ManyUrl } from './many-url.js';
import { parseNat, parseServers } from './server-list.js';

/** One Redis whose address Sentinels know. */
export interface SentinelOptions {
  /** The name of the primary, as the Sentinels know it. Not beside a `redis-sentinel://` URL. */
  readonly master?: string;
  /** The Sentinels: `redis://host:26379`. Name all of them. Not beside a `redis-sentinel://` URL. */
  readonly sentinels?: readonly string[];
  /** The user and the password of the Sentinels; those of the Redis stand in `redis`. */
  readonly username?: string;
  readonly password?: string;
  /** Whether to speak TLS with the Sentinels, or options of TLS. @default as with the Redis */
  readonly tls?: boolean | object;
  /** Where an address that Sentinel announces can be reached from here. @default there */
  readonly nat?: (address: Address) => Address;
}

const KNOWN: readonly (keyof SentinelOptions)[] = [
  'master',
  'sentinels',
  'username',
  'password',
  'tls',
  'nat',
];

const SUBJECT: Subject = { name: 'redis.sentinel', code: 'ERR_CACHE_OPTION' };

/** `options`: those of the connection to the Redis. */
export function parseSentinel(
  given: unknown,
  options: RedisClientOptions,
  url: ManyUrl | undefined,
): SentinelServers {
  const sentinel = parseOptions<SentinelOptions>(SUBJECT, given, KNOWN);
  refuseTwice(sentinel, url);
  const { addresses, isTls } =
    url ?? parseServers(of('sentinels'), sentinel.sentinels, DEFAULT_PORTS.sentinel);
  const master = url?.master ?? parseText('master', sentinel.master, "such as 'mymaster'");
  const tls = sentinel.tls ?? (url === undefined && isTls !== undefined ? isTls : undefined);
  return Object.freeze({
    kind: 'sentinel',
    master: master as string,
    sentinels: addresses,
    nat: parseNat(of('nat'), sentinel.nat),
    connect: connectWith(options),
    connectSentinel: connectWith(sentinelOptions(sentinel, options, tls)),
  });
}

/** The name of the primary and its Sentinels, for messages. */
export function sentinelName({ master, sentinels }: SentinelServers): string {
  return `${master} of the Sentinels ${sentinels.map(addressText).join(', ')}`;
}

/** Makes clients with these options, of any server. */
export function connectWith(options: RedisClientOptions): ConnectTo {
  return ({ host, port }, lack) =>
    makeClient(
      { ...options, socket: { ...options.socket, host, port } } as RedisClientOptions,
      lack,
    );
}

function sentinelOptions(
  sentinel: SentinelOptions,
  { socket }: RedisClientOptions,
  tls: boolean | object | undefined,
): RedisClientOptions {
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    throw invalid(of('tls'), 'true, false or an object of TLS options', tls);
  }
  const own = typeof tls === 'object' ? { ...tls, tls: true } : tls === undefined ? {} : { tls };
  return {
    ...credential('username', sentinel.username),
    ...credential('password', sentinel.password),
    // A Sentinel has no keys.
    emitInvalidate: false,
    socket: { ...socket, ...own },
  } as RedisClientOptions;
}

function credential(name: 'username' | 'password', given: unknown): object {
  return given === undefined ? {} : { [name]: parseText(name, given, '') };
}

function parseText(
  name: 'master' | 'username' | 'password',
  given: unknown,
  example: string,
): string {
  if (typeof given === 'string' && given !== '') return given;
  // A secret of another type is not shown either.
  const shown = name === 'password' && given !== undefined && given !== '' ? {} : given;
  throw invalid(of(name), `a text ${example}`.trim(), shown);
}

function refuseTwice(sentinel: SentinelOptions, url: ManyUrl | undefined): void {
  if (url === undefined) return;
  for (const name of ['master', 'sentinels'] as const) {
    if (sentinel[name] === undefined) continue;
    throw invalid(of(name), 'absent, because redis.url says it', sentinel[name]);
  }
}

function of(name: keyof SentinelOptions): Subject {
  return { ...SUBJECT, name: `${SUBJECT.name}.${name}` };
}
