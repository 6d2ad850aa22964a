import { CacheHealthError } from '../../core/errors.js';
import { invalid, parseOptions, type Subject } from '../../core/validate.js';
import { type Address, addressText } from '../address.js';
import type { ClusterServers, RedisClientOptions } from '../connection/client.js';
import { DEFAULT_PORTS, type ManyUrl } from './many-url.js';
import { connectWith } from './sentinel-options.js';
import { parseNat, parseServers } from './server-list.js';

/** A Redis Cluster. */
export interface ClusterOptions {
  /** Some of its nodes, which are asked for the others: `redis://host:6379`. Not beside a `redis-cluster://` URL. */
  readonly nodes?: readonly string[];
  /** Where an address that a node announces can be reached from here. @default there */
  readonly nat?: (address: Address) => Address;
}

const SUBJECT: Subject = { name: 'redis.cluster', code: 'ERR_CACHE_OPTION' };

/** `options`: those of the connections to the nodes. */
export function parseCluster(
  given: unknown,
  options: RedisClientOptions,
  url: ManyUrl | undefined,
): ClusterServers {
  const cluster = parseOptions<ClusterOptions>(SUBJECT, given, ['nodes', 'nat']);
  const nodesSubject = { ...SUBJECT, name: 'redis.cluster.nodes' };
  if (url !== undefined && cluster.nodes !== undefined) {
    throw invalid(nodesSubject, 'absent, because redis.url says it', cluster.nodes);
  }
  if ((options.database ?? 0) !== 0) {
    const message = `redis.database is ${options.database}, and a Redis Cluster has database 0 alone. Use another prefix.`;
    throw new CacheHealthError(SUBJECT.code, message);
  }
  const { addresses, isTls } =
    url ?? parseServers(nodesSubject, cluster.nodes, DEFAULT_PORTS.cluster);
  const own = isTls === true ? { ...options, socket: { ...options.socket, tls: true } } : options;
  return Object.freeze({
    kind: 'cluster',
    nodes: addresses,
    nat: parseNat({ ...SUBJECT, name: 'redis.cluster.nat' }, cluster.nat),
    connect: connectWith(own as RedisClientOptions),
  });
}

/** For messages. */
export function clusterName({ nodes }: ClusterServers): string {
  return `the cluster at ${nodes.map(addressText).join(', ')}`;
}
