import { CacheHealthError } from '../../core/errors.js';
import { errorText, redact } from '../../core/redact/redact.js';
import { invalid, type Subject } from '../../core/validate.js';
import type { Address } from '../address.js';
import type {
  ClusterServers,
  RedisClientOptions,
  RedisSource,
  SentinelServers,
} from '../connection/client.js';
import { type ClusterOptions, clusterName, parseCluster } from './cluster-options.js';
import { isManyUrl, type ManyUrl, parseManyUrl } from './many-url.js';
import { parseSentinel, type SentinelOptions, sentinelName } from './sentinel-options.js';

/** node-redis options, and where Redis is if Sentinels know it or if it is a cluster. */
export type RedisOptions = RedisClientOptions & {
  /** One Redis whose address Sentinels know. */
  readonly sentinel?: SentinelOptions;
  /** A Redis Cluster. */
  readonly cluster?: ClusterOptions;
};

/** Where Redis is, and what to call it in messages. */
export interface RedisChoice {
  readonly source: RedisSource | undefined;
  readonly name: string;
}

const SUBJECT: Subject = { name: 'redis', code: 'ERR_CACHE_OPTION' };

/** Reads options that name several servers. `urlName`: the name of their URL in messages. */
export function fromServers(options: RedisOptions, urlName: string): RedisChoice {
  const { sentinel, cluster, url: text, ...rest } = options;
  if (sentinel !== undefined && cluster !== undefined) {
    const message =
      'redis has both sentinel and cluster. A cluster needs no Sentinels: remove one.';
    throw new CacheHealthError(SUBJECT.code, message);
  }
  refuseAddress(rest);
  const kind = cluster !== undefined ? 'cluster' : sentinel !== undefined ? 'sentinel' : undefined;
  const url = text === undefined ? undefined : parseUrl(text, urlName, kind);
  const own = withUrl(rest, url);
  const isCluster = (url?.kind ?? kind) === 'cluster';
  const source = isCluster ? parseCluster(cluster, own, url) : parseSentinel(sentinel, own, url);
  tryToMake(source);
  return { source, name: text === undefined ? nameOf(source) : redact(text) };
}

function nameOf(source: SentinelServers | ClusterServers): string {
  return source.kind === 'cluster' ? clusterName(source) : sentinelName(source);
}

/** `kind`: of the option beside the URL. */
function parseUrl(text: string, name: string, kind: ManyUrl['kind'] | undefined): ManyUrl {
  const url = isManyUrl(text) ? parseManyUrl(text, name) : undefined;
  if (url !== undefined && (kind === undefined || kind === url.kind)) return url;
  const advice = 'Leave it out, or write the servers into it.';
  const expected = `a URL that begins with 'redis-${kind}://' beside redis.${kind}`;
  throw invalid({ ...SUBJECT, name, advice }, expected, text);
}

/** The servers tell the address, so another one in the options would be ignored. */
function refuseAddress({ socket }: RedisClientOptions): void {
  for (const name of ['host', 'port', 'path'] as const) {
    const given = (socket as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (given === undefined) continue;
    const subject = { ...SUBJECT, name: `redis.socket.${name}` };
    const expected = 'absent, because redis.sentinel or redis.cluster says where Redis is';
    throw invalid(subject, expected, given);
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
function tryToMake(source: SentinelServers | ClusterServers): void {
  try {
    source.connect((source.kind === 'cluster' ? source.nodes : source.sentinels)[0] as Address);
    if (source.kind === 'sentinel') source.connectSentinel(source.sentinels[0] as Address);
  } catch (error) {
    const message = `node-redis refuses the options in redis: ${errorText(error)}.`;
    throw new CacheHealthError(SUBJECT.code, message, { cause: error });
  }
}
