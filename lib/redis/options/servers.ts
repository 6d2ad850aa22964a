import { CacheHealthError } from '../../core/errors.js';
import { errorText, redact } from '../../core/redact/redact.js';
import { invalid, type Subject } from '../../core/validate.js';
import type { Address } from '../address.js';
import type { RedisClientOptions, RedisSource, SentinelServers } from '../connection/client.js';
import { isManyUrl, type ManyUrl, parseManyUrl } from './many-url.js';
import { parseSentinel, type SentinelOptions, sentinelName } from './sentinel-options.js';

/** node-redis options, and where Redis is if Sentinels know it. */
export type RedisOptions = RedisClientOptions & {
  /** One Redis whose address Sentinels know. */
  readonly sentinel?: SentinelOptions;
};

/** Where Redis is, and what to call it in messages. */
export interface RedisChoice {
  readonly source: RedisSource | undefined;
  readonly name: string;
}

const SUBJECT: Subject = { name: 'redis', code: 'ERR_CACHE_OPTION' };

/** Whether the options name several servers. */
export function nameServers({ sentinel, url }: RedisOptions): boolean {
  return sentinel !== undefined || (typeof url === 'string' && isManyUrl(url));
}

/** Reads options that name several servers. `urlName`: the name of their URL in messages. */
export function fromServers(options: RedisOptions, urlName: string): RedisChoice {
  const { sentinel, url: text, ...own } = options;
  refuseAddress(own);
  const url = text === undefined ? undefined : parseUrl(text, urlName);
  const source = parseSentinel(sentinel, withUrl(own, url), url);
  tryToMake(source, source.sentinels[0] as Address);
  return { source, name: text === undefined ? sentinelName(source) : redact(text) };
}

function parseUrl(text: string, name: string): ManyUrl {
  if (!isManyUrl(text)) {
    const advice = 'Leave it out, or write the Sentinels and the name of the primary into it.';
    const expected = "a URL that begins with 'redis-sentinel://' beside redis.sentinel";
    throw invalid({ ...SUBJECT, name, advice }, expected, text);
  }
  const url = parseManyUrl(text, name);
  if (url.kind === 'cluster') {
    const message = `${name} '${redact(text)}' is the address of a Redis Cluster, which is not supported yet.`;
    throw new CacheHealthError(SUBJECT.code, message);
  }
  return url;
}

/** The Sentinels tell the address, so another one in the options would be ignored. */
function refuseAddress({ socket }: RedisClientOptions): void {
  for (const name of ['host', 'port', 'path'] as const) {
    const given = (socket as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (given === undefined) continue;
    const subject = { ...SUBJECT, name: `redis.socket.${name}` };
    throw invalid(subject, 'absent, because the Sentinels say where Redis is', given);
  }
}

/** The options of a connection to one of the servers. */
function withUrl(options: RedisClientOptions, url: ManyUrl | undefined): RedisClientOptions {
  if (url === undefined) return options;
  const { username, password, database, isTls } = url;
  return {
    ...options,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(isTls ? { socket: { ...options.socket, tls: true } } : {}),
  } as RedisClientOptions;
}

/** node-redis refuses some options itself. A client that was never connected needs no end. */
function tryToMake({ connect, connectSentinel }: SentinelServers, address: Address): void {
  try {
    connect(address);
    connectSentinel(address);
  } catch (error) {
    const message = `node-redis refuses the options in redis: ${errorText(error)}.`;
    throw new CacheHealthError(SUBJECT.code, message, { cause: error });
  }
}
