import { contain } from '../core/contain.js';
import { CacheHealthError } from '../core/errors.js';
import { errorText, redact } from '../core/redact/redact.js';
import { invalid, type Subject } from '../core/validate.js';
import {
  type Lack,
  makeClient,
  type RedisClientLike,
  type RedisClientOptions,
  type RedisSource,
} from './connection/client.js';
import { isManyUrl, nameServers } from './options/many-url.js';
import type { RedisChoice, RedisOptions } from './options/servers.js';
import { addressAdvice, foreignClient, misspelt, redisAdvice } from './redis-hints.js';

export type { Address } from './address.js';
export type { ClusterOptions } from './options/cluster-options.js';
export type { SentinelOptions } from './options/sentinel-options.js';
export type { RedisChoice, RedisOptions } from './options/servers.js';
export type { RedisClientLike, RedisClientOptions, RedisSource };

const SUBJECT: Subject = { name: 'redis', code: 'ERR_CACHE_OPTION' };

const EXPECTED =
  "a URL such as 'redis://localhost:6379', node-redis options (with sentinel: { … } or cluster: { … } for several servers), a function that makes a client, a node-redis client, or false";

const DEFAULT_URL = 'redis://localhost:6379';

export function parseRedis(given: unknown): RedisChoice {
  if (given === false) return { source: undefined, name: 'no Redis' };
  if (given === undefined) {
    const url = process.env.REDIS_URL;
    return fromUrl(url === undefined || url === '' ? DEFAULT_URL : url, 'REDIS_URL');
  }
  if (typeof given === 'string') return fromUrl(given, SUBJECT.name);
  if (given instanceof URL) return fromUrl(given.href, SUBJECT.name);
  if (typeof given === 'function') return fromFactory(given as () => unknown);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid({ ...SUBJECT, advice: redisAdvice(given) }, EXPECTED, given);
  }
  const isClient = 'sendCommand' in given || foreignClient(given) !== undefined;
  return isClient ? fromClient(given) : fromOptions(given as RedisOptions);
}

function fromUrl(text: string, name: string): RedisChoice {
  refuseUnencoded(text, name);
  if (isManyUrl(text)) return fromServers({ url: text } as RedisOptions, name);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:', 'unix:'].includes(url.protocol)) {
    const subject = { ...SUBJECT, name };
    const expected = "a URL that begins with 'redis://', 'rediss://' or 'unix://'";
    throw invalid({ ...subject, advice: addressAdvice(text) }, expected, redact(text));
  }
  try {
    makeClient({ url: text });
  } catch (error) {
    const message = `${name} '${redact(text)}' is not a Redis address: ${errorText(error)}.`;
    throw new CacheHealthError(SUBJECT.code, message, { cause: error });
  }
  return made({ url: text }, redact(text));
}

/** Sentinels or a cluster: loaded only if the options name them. */
function fromServers(options: RedisOptions, urlName: string): RedisChoice {
  const servers = require('./options/servers.js') as typeof import('./options/servers.js');
  return servers.fromServers(options, urlName);
}

/** We cannot know where the password ends, so we show nothing of the address. */
function refuseUnencoded(text: string, name: string): void {
  if (!hasUnencodedCredentials(text)) return;
  const message = `${name} is an address whose user or password has a character that means something else in a URL (# / ? @ %). Encode it: encodeURIComponent(password).`;
  throw new CacheHealthError(SUBJECT.code, message);
}

const SCHEME = /^[a-z][a-z0-9+.-]*:(\/\/)?/i;

/** `%` belongs there only where two hexadecimal digits follow. */
const UNENCODED = /[#/?@]|%(?![0-9a-f]{2})/i;

/** Whether something before the last `@`, which ends user and password, would end them too early, or be misread. */
function hasUnencodedCredentials(text: string): boolean {
  const rest = text.trim().replace(SCHEME, '');
  // The path of a socket may hold anything.
  return !rest.startsWith('/') && UNENCODED.test(rest.slice(0, Math.max(0, rest.lastIndexOf('@'))));
}

/**
 * Options that other drivers have at the top, and their place in node-redis, which would ignore them and try
 * localhost.
 */
const MISPLACED: Readonly<Record<string, string>> = {
  host: "socket: { host: '…' }",
  hostname: "socket: { host: '…' }",
  port: 'socket: { port: 6379 }',
  path: "socket: { path: '…' }",
  tls: 'socket: { tls: true }',
  db: 'database: 0',
  uri: "url: 'redis://…'",
  sentinels: "sentinel: { master: 'mymaster', sentinels: ['redis://host:26379'] }",
  rootNodes: "cluster: { nodes: ['redis://host:6379'] }",
  nodes: "cluster: { nodes: ['redis://host:6379'] }",
  sentinelRootNodes: "sentinel: { master: 'mymaster', sentinels: ['redis://host:26379'] }",
};

function fromOptions(options: RedisOptions): RedisChoice {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(MISPLACED, key)) continue;
    const message = `redis has no option '${key}'. Write redis: { ${MISPLACED[key]} }, or pass a URL.`;
    throw new CacheHealthError(SUBJECT.code, message);
  }
  const wrong = misspelt(options);
  if (wrong !== undefined) {
    const message = `redis has no option '${wrong[0]}'. Did you mean '${wrong[1]}'?`;
    throw new CacheHealthError(SUBJECT.code, message);
  }
  if (nameServers(options)) {
    if (typeof options.url === 'string') refuseUnencoded(options.url, 'redis.url');
    return fromServers(options, 'redis.url');
  }
  if (options.url !== undefined) {
    const { name } = fromUrl(options.url, 'redis.url');
    return made(options, name);
  }
  const socket = (options.socket ?? {}) as { host?: string; port?: number; path?: string };
  const name = socket.path ?? `${socket.host ?? 'localhost'}:${socket.port ?? 6379}`;
  return made(options, name);
}

function made(options: RedisClientOptions, name: string): RedisChoice {
  const create = (lack?: Lack): RedisClientLike => makeClient(options, lack);
  return { source: { kind: 'made', create }, name };
}

function fromFactory(create: () => unknown): RedisChoice {
  const makeOwn = (): RedisClientLike => {
    const returned = create();
    try {
      return asClient(returned, 'what the redis function returns');
    } catch (error) {
      discard(returned);
      throw error;
    }
  };
  return { source: { kind: 'made', create: makeOwn }, name: 'the Redis of the given function' };
}

/** The names of this method in other drivers, the fastest first. */
const CLOSERS = ['disconnect', 'destroy', 'quit', 'end'];

/** A client that we refuse may already be connected, and only we know of it. */
function discard(returned: unknown): void {
  if (typeof returned !== 'object' || returned === null) return;
  const client = returned as Record<string, unknown>;
  const call = (name: string, ...args: unknown[]): void => {
    const method = client[name];
    if (typeof method === 'function') contain(() => method.apply(client, args), ignore);
  };
  // If it is a promise of a client, we discard the client.
  call('then', discard, ignore);
  call('on', 'error', ignore);
  const closer = CLOSERS.find((name) => typeof client[name] === 'function');
  if (closer !== undefined) call(closer);
}

function ignore(): void {}

function fromClient(client: object): RedisChoice {
  const adopted = asClient(client, SUBJECT.name);
  return { source: { kind: 'adopted', client: adopted }, name: 'the given Redis client' };
}

function asClient(value: unknown, name: string): RedisClientLike {
  const client = value as Record<string, unknown> | null | undefined;
  const methods = ['connect', 'destroy', 'on', 'off', 'sendCommand'];
  const missing = methods.filter((method) => typeof client?.[method] !== 'function');
  if (missing.length > 0) {
    const advice = `It has no ${missing.join('(), ')}(). Use createClient() of the 'redis' package, 5.12 or later.`;
    const foreign = foreignClient(value);
    if (foreign === undefined)
      throw invalid({ ...SUBJECT, name, advice }, 'a node-redis client', value);
    const message = `${name} must be a node-redis client, got ${foreign}. ${advice}`;
    throw new CacheHealthError(SUBJECT.code, message);
  }
  if (typeof client?.isReady !== 'boolean' || 'nodeClient' in client) {
    const advice =
      "Write redis: { cluster: { nodes: ['redis://host:6379'] } } or redis: { sentinel: { master: 'mymaster', sentinels: ['redis://host:26379'] } }. Pools are not supported.";
    throw invalid({ ...SUBJECT, name, advice }, 'a client of one Redis', value);
  }
  return client as unknown as RedisClientLike;
}
