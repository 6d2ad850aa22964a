import { createRequire } from 'node:module';
import type { RedisClientOptions } from 'redis';
import type { Address } from '../address.js';

export type { RedisClientOptions } from 'redis';

/**
 * The part of a node-redis client that this package needs. It is structural, because the generic client types
 * of two installed copies (or two majors) never match.
 */
export interface RedisClientLike {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  unref?(): void;
  // biome-ignore lint/suspicious/noExplicitAny: node-redis types its events per client generic
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: string, listener: (...args: any[]) => void): unknown;
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
}

/**
 * Where connections come from: we make a fresh client for each attempt, or adopt one and never close it.
 * A user's function may ignore `lack`.
 */
export type RedisSource =
  | { readonly kind: 'made'; readonly create: (lack?: Lack) => RedisClientLike }
  | { readonly kind: 'adopted'; readonly client: RedisClientLike }
  | SentinelServers
  | ClusterServers;

/** Where the connections of a single Redis come from. */
export type SingleSource = Exclude<RedisSource, ClusterServers>;

/** Makes a client of the server there. */
export type ConnectTo = (address: Address, lack?: Lack) => RedisClientLike;

/**
 * What the server refuses in the handshake: to tell of changed keys (`CLIENT TRACKING`), or the newer protocol,
 * without which it cannot tell either.
 */
export type Lack = 'messages' | 'HELLO';

/** A Redis Cluster. */
export interface ClusterServers {
  readonly kind: 'cluster';
  /** Nodes that are asked for the others. */
  readonly nodes: readonly Address[];
  readonly connect: ConnectTo;
  /** Where an announced address can be reached from here. */
  readonly nat: (address: Address) => Address;
}

/** One Redis whose address Sentinels know. */
export interface SentinelServers {
  readonly kind: 'sentinel';
  /** The name of the primary. */
  readonly master: string;
  readonly sentinels: readonly Address[];
  readonly connect: ConnectTo;
  readonly connectSentinel: ConnectTo;
  /** Where an announced address can be reached from here. */
  readonly nat: (address: Address) => Address;
}

/** Long enough for a slow TCP and TLS connect. The handshake as a whole has a deadline of its own. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Finds a dead peer on an idle connection. */
const KEEP_ALIVE_DELAY_MS = 5_000;

/**
 * Makes a client whose settings let node-redis fail fast, whatever the user's own options say
 * (docs/adr/0003-own-the-deadline.md): no offline queue, no reconnecting (a fresh client per attempt, paced by
 * the door), no idle timer, and no command timer, which bounds nothing that was already written and costs most
 * of the throughput. It hears which keys were changed, unless the options say otherwise.
 */
export function makeClient(options: RedisClientOptions, lack?: Lack): RedisClientLike {
  const { RESP = 3 } = lack === 'HELLO' ? { RESP: 2 } : options;
  const { RedisClient } = driver();
  return new RedisClient({
    maintNotifications: 'disabled',
    emitInvalidate: RESP === 3 && options.clientSideCache === undefined,
    ...options,
    ...(lack === undefined ? {} : { emitInvalidate: false }),
    RESP,
    disableOfflineQueue: true,
    commandsQueueMaxLength: undefined,
    commandOptions: { timeout: undefined },
    pingInterval: undefined,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      ...options.socket,
      socketTimeout: undefined,
      reconnectStrategy: false,
    },
  } as unknown as RedisClientOptions) as unknown as RedisClientLike;
}

type Driver = Pick<typeof import('redis'), 'RedisClient'>;

let loaded: Driver | undefined;

/**
 * The class of a client of node-redis. `createClient` makes another class of it, with a method for each command of
 * Redis, whenever it gets other options than last time, and the event loop stands still for 50 ms. We send commands as
 * lists of arguments and need none of these methods.
 */
function driver(): Driver {
  // Loaded here, so that health endpoints alone, or memory alone, do not load the driver.
  loaded ??= clientOfRedis() ?? (require('redis') as Driver);
  return loaded;
}

/**
 * The client that `redis` is made of. `redis` itself also loads the commands of search, JSON, Bloom filters and time
 * series, which nothing here sends (docs/adr/0041). Where it is not found, as in a bundle, we load the whole.
 */
function clientOfRedis(): Driver | undefined {
  try {
    const redis = createRequire(__filename).resolve('redis');
    return createRequire(redis)('@redis/client') as Driver;
  } catch {
    return undefined;
  }
}

/** Whether the client passes on what the server says of changed keys. A client of node-redis shows its options. */
export function hearsMessages(client: RedisClientLike): boolean {
  const { options } = client as { readonly options?: { readonly emitInvalidate?: unknown } };
  return options?.emitInvalidate === true;
}
