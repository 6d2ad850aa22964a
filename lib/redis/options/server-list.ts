import { CacheHealthError } from '../../core/errors.js';
import { invalid, parseFunction, type Subject } from '../../core/validate.js';
import { type Address, addressText, isPort, parseAddress } from '../address.js';

/** The addresses of one option, and whether they are written with TLS. */
export interface ServerList {
  readonly addresses: readonly Address[];
  /** `undefined`: the list does not say. */
  readonly isTls: boolean | undefined;
}

const SCHEME = /^(rediss?):\/\//i;

/** Reads a list of servers: `redis://host:port`, `rediss://host:port` or `host:port`. */
export function parseServers(subject: Subject, given: unknown, defaultPort: number): ServerList {
  const example = `['redis://host1:${defaultPort}', 'redis://host2:${defaultPort}']`;
  if (!Array.isArray(given) || given.length === 0) {
    throw invalid(subject, `a list of URLs such as ${example}`, given);
  }
  const schemes = new Set<string | undefined>();
  const addresses = given.map((each: unknown, i) => {
    const own = { ...subject, name: `${subject.name}[${i}]` };
    if (typeof each !== 'string')
      throw invalid(own, `a URL such as 'redis://host:${defaultPort}'`, each);
    if (each.includes('@')) throw credentialsInList(own);
    schemes.add(SCHEME.exec(each)?.[1]?.toLowerCase());
    const address = parseAddress(each.trim().replace(SCHEME, '').replace(/\/$/, ''), defaultPort);
    if (address === undefined)
      throw invalid(own, `a URL such as 'redis://host:${defaultPort}'`, each);
    return address;
  });
  if (schemes.has('rediss') && schemes.size > 1) {
    throw invalid(subject, "all with 'rediss://' or all without", given);
  }
  const isPlain = schemes.has('redis');
  return { addresses, isTls: schemes.has('rediss') ? true : isPlain ? false : undefined };
}

/** We cannot show the text, because it may hold a password. */
function credentialsInList({ name, code }: Subject): CacheHealthError {
  const place = name.startsWith('redis.sentinel')
    ? 'redis.sentinel.username and redis.sentinel.password, and those of the Redis into redis.username and redis.password'
    : 'redis.username and redis.password';
  return new CacheHealthError(code, `${name} holds a user or a password. Put them into ${place}.`);
}

/**
 * The option `nat`, checked at each use: where an announced address can be reached from here. Without one,
 * there.
 */
export function parseNat(subject: Subject, given: unknown): (address: Address) => Address {
  if (given === undefined) return (address) => address;
  const advice = 'It gets { host, port } and returns { host, port }.';
  const map = parseFunction<(address: Address) => unknown>(subject, given, advice);
  return (address) => {
    const { host, port } = (map({ ...address }) ?? {}) as Partial<Address>;
    if (typeof host === 'string' && host !== '' && isPort(port)) return { host, port };
    const what = `what ${subject.name} returns for ${addressText(address)}`;
    throw invalid({ ...subject, name: what }, 'an address { host, port }', host ?? port);
  };
}
