import type { CacheReason } from '../../api/reason.js';
import type { ShardState, StoreState } from '../../tiers/store.js';

/** For each reason: what happened, as part of a sentence, and what to do. */
export const REASONS: Readonly<Record<CacheReason, readonly [string, string]>> = {
  connecting: ['the first connection is being made', 'Nothing to do.'],
  connection_refused: [
    'the connection was refused',
    'Check that Redis is running and listens there.',
  ],
  connection_lost: ['the connection was lost', 'Check that Redis is running.'],
  connection_failed: ['no connection could be made', 'Check the address, the network and TLS.'],
  host_not_found: ['the host name was not found', 'Check the host name and DNS.'],
  timeout: ['it does not answer in time', 'Check the load of Redis, its host and the network.'],
  loading: ['it is loading its data', 'Wait until it has started.'],
  read_only: [
    'it takes no writes, as a replica, or a primary with too few replicas',
    'Check the failover, the replicas, and that the address is the primary.',
  ],
  out_of_memory: ['it is out of memory', 'Raise maxmemory, or set an eviction policy.'],
  persistence_failing: ['it cannot save to disk and refuses writes', 'Check the disk of Redis.'],
  cluster_down: ['the cluster is down', 'Check the state of the cluster.'],
  master_down: ['its primary is away', 'Check the primary and the replication.'],
  busy: ['it is busy with a script', 'Find the script: redis-cli SCRIPT KILL.'],
  authentication: ['it rejects the credentials', 'Check user and password.'],
  permission: [
    'the user may not run a command',
    'Check the ACL: the cache needs read, write, scripting, SCAN, TIME and INFO on its prefix.',
  ],
  max_clients: [
    'it has no connection left',
    'Raise maxclients, or find who holds the connections.',
  ],
  protocol_error: [
    'the server there does not speak its protocol',
    'Check that the address is a Redis.',
  ],
  not_connected: [
    'the given client is not connected',
    'Call connect() on the client given to the cache.',
  ],
  cluster_node: [
    'it is a node of a Redis Cluster',
    "Write redis: { cluster: { nodes: ['redis://host:6379'] } }.",
  ],
  sentinel: [
    'it is a Sentinel, not the Redis that it watches',
    "Write redis: { sentinel: { master: 'mymaster', sentinels: ['host:26379'] } }.",
  ],
  no_primary: [
    'no Sentinel, or no node of the cluster, names a primary',
    'Check that they run, their addresses, and the name of the primary.',
  ],
  failover: ['another server is the primary now', 'Nothing to do.'],
  certificate: [
    'one side does not accept the certificate of the other',
    'Give the certificate of its authority: redis: { url, socket: { ca } }, and of the client if Redis wants one: cert, key. The host must be a name in the certificate.',
  ],
  tls_mismatch: [
    'one side speaks TLS and the other does not',
    'Write rediss:// for a port with TLS, and redis:// for one without.',
  ],
  no_database: [
    'it has no database of that number',
    'Give a number that it has: 0 to 15 by default. A Sentinel and most proxies have none, so leave the number out.',
  ],
  no_hello: [
    'it does not know HELLO, the first command of RESP 3',
    'Set RESP: 2 in the options of the client that the function makes.',
  ],
  foreign_client: [
    'the given function makes something else than a node-redis client',
    "Return createClient() of the 'redis' package, or pass a URL.",
  ],
  data_replaced: [
    'its data was replaced while it was connected',
    'Check the failover. The cache judges the new data and goes on.',
  ],
  closed: ['the cache was closed', 'Nothing to do.'],
  disabled: [
    'the cache is switched off',
    'To switch it on, remove enabled: false and EXPRESS_CACHE_HEALTH=off.',
  ],
};

/** What the sentences about an outage say besides the state. */
export interface Outage {
  readonly redisName: string;
  /** When the mode began, milliseconds since 1970. */
  readonly since: number;
  /** The redacted error behind the reason. */
  readonly error: string | undefined;
}

/**
 * The sentences about an outage, for the log and for the status: what is not used, since when, why, what serves
 * instead, and what to do.
 */
export function outageSentence(state: StoreState, { redisName, since, error }: Outage): string {
  const away = (state.shards ?? []).filter(({ state: { name } }) => name !== 'closed');
  if (away.length > 0 && away.length < (state.shards ?? []).length) {
    return partSentence(state, away, redisName);
  }
  const [what, advice] = REASONS[state.reason ?? 'connection_failed'];
  const isNotUsed = state.isReadOnly ? 'is not written to' : 'is not used';
  const start = new Date(since).toISOString();
  const said = error === undefined || error === '' ? '' : ` (${error.replace(/[.\s]+$/, '')})`;
  return `Redis (${redisName}) ${isNotUsed} since ${start}: ${what}${said}. ${serving(state)} ${advice}`;
}

/** The sentence about a healthy start: which Redis, and what keys begin with there. */
export function serviceSentence(config: {
  readonly redisName: string;
  readonly prefix: string;
}): string {
  return `Redis (${config.redisName}) serves, with the prefix '${config.prefix}'.`;
}

/** Only some servers of a cluster are not used. */
function partSentence(
  { shards = [], memory }: StoreState,
  away: readonly ShardState[],
  redisName: string,
): string {
  const [what, advice] = REASONS[away[0]?.reason ?? 'connection_failed'];
  const addresses = away.map(({ address }) => address).join(', ');
  const fallback = memory === null ? 'your loaders' : 'memory';
  const used = `${shards.length - away.length} of ${shards.length} shards`;
  return `Redis (${redisName}): ${used} serve. Keys of ${addresses} come from ${fallback}: ${what}. ${advice}`;
}

/** The sentence about a cache that is switched off. */
export function disabledSentence(disabledBy: string): string {
  return `The cache is switched off (${disabledBy}): every request goes to the database.`;
}

/** Which tier serves while Redis does not. */
function serving({ isReadOnly, memory }: StoreState): string {
  if (isReadOnly) {
    return `Reads are served from Redis, writes are kept in ${memory === null ? 'the journal' : 'memory'}.`;
  }
  if (memory === null) return 'There is no memory tier: every request goes to the database.';
  return `The in-memory fallback serves (${memory.entries} of at most ${memory.max} entries).`;
}
