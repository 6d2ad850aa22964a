import { CacheHealthError } from '../../core/errors.js';
import { redact } from '../../core/redact/redact.js';
import { type Address, parseAddress } from '../address.js';

/** A URL with several servers in it, taken apart. */
export interface ManyUrl {
  readonly kind: 'sentinel' | 'cluster';
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly addresses: readonly Address[];
  readonly database: number | undefined;
  /** The name of the primary. */
  readonly master: string | undefined;
}

/** The ports where the servers of a URL listen if it does not say. */
export const DEFAULT_PORTS = { sentinel: 26_379, cluster: 6_379 } as const;

const FORMS = {
  sentinel:
    'redis-sentinel://[user:password@]host1:26379,host2:26379[/database]#name-of-the-primary',
  cluster: 'redis-cluster://[user:password@]host1:6379,host2:6379',
} as const;

const MANY = /^(rediss?)-(sentinel|cluster):\/\/(.*)$/i;

export function isManyUrl(text: string): boolean {
  return MANY.test(text.trim());
}

/** Whether options of `redis` name several servers. */
export function nameServers(options: {
  readonly sentinel?: unknown;
  readonly cluster?: unknown;
  readonly url?: unknown;
}): boolean {
  const { sentinel, cluster, url } = options;
  const isMany = typeof url === 'string' && isManyUrl(url);
  return sentinel !== undefined || cluster !== undefined || isMany;
}

/**
 * Reads `redis-sentinel://…` and `redis-cluster://…`; `rediss-…` is with TLS. Credentials must be encoded.
 *
 * @throws CacheHealthError `ERR_CACHE_OPTION`, named after `name`.
 */
export function parseManyUrl(text: string, name: string): ManyUrl {
  const [, scheme = '', kindText = '', rest = ''] = MANY.exec(text.trim()) ?? [];
  const kind = kindText.toLowerCase() as ManyUrl['kind'];
  const wrong = (what: string): CacheHealthError =>
    new CacheHealthError(
      'ERR_CACHE_OPTION',
      `${name} '${redact(text)}' ${what}. Write ${FORMS[kind]}.`,
    );
  const at = rest.lastIndexOf('@');
  const [user, password] = credentials(rest.slice(0, Math.max(0, at)));
  const [place = '', fragment, ...more] = rest.slice(at + 1).split('#');
  const [hosts = '', path = '', ...deeper] = place.split('/');
  if (more.length > 0 || deeper.length > 0 || place.includes('?')) {
    throw wrong('has something behind its servers that has no meaning');
  }
  const addresses = hosts.split(',').map((host) => parseAddress(host.trim(), DEFAULT_PORTS[kind]));
  if (!addresses.every((address) => address !== undefined)) {
    throw wrong('has a server that is no host:port');
  }
  const database = path === '' ? undefined : Number(path);
  const master = fragment === undefined ? undefined : decoded(fragment);
  const fault =
    kind === 'sentinel' ? sentinelFault(database, master) : clusterFault(database, master);
  if (fault !== undefined) throw wrong(fault);
  const isTls = scheme.toLowerCase() === 'rediss';
  return { kind, isTls, username: user, password, addresses, database, master };
}

function sentinelFault(
  database: number | undefined,
  master: string | undefined,
): string | undefined {
  if (!master) return 'does not name the primary';
  const isIndex = database === undefined || (Number.isInteger(database) && database >= 0);
  return isIndex ? undefined : 'has a database that is no number';
}

function clusterFault(
  database: number | undefined,
  master: string | undefined,
): string | undefined {
  if (master !== undefined) return 'names a primary, which a cluster does not need';
  return (database ?? 0) === 0 ? undefined : 'names a database, and a cluster has database 0 alone';
}

/** Of `user:password`, `user` or `:password`. */
function credentials(text: string): readonly [string | undefined, string | undefined] {
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const password = colon < 0 ? '' : text.slice(colon + 1);
  return [decoded(user) || undefined, decoded(password) || undefined];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
