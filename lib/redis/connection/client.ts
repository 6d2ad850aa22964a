import type { RedisClientOptions } from 'redis';

export type { RedisClientOptions } from 'redis';

/**
 * What this package needs of a node-redis client. Structural, because the generic client types of two
 * installed copies (or two majors) never match.
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
 * Where connections come from: made by us (a fresh client for each attempt), or adopted and never closed.
 * `protocol` is set where the server refuses HELLO; a function of the user's need not obey.
 */
export type RedisSource =
  | { readonly kind: 'made'; readonly create: (protocol?: 2) => RedisClientLike }
  | { readonly kind: 'adopted'; readonly client: RedisClientLike };

/** Long enough for TCP and TLS on a bad day; the deadline on the whole handshake is the door's own. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Finds a dead idle peer even where nothing else looks. */
const KEEP_ALIVE_DELAY_MS = 5_000;

/**
 * A client with the settings under which node-redis fails fast and stays out of the way, whatever the
 * user's own options say (docs/adr/0003-own-the-deadline.md): no offline queue, no reconnecting (a fresh
 * client per attempt, paced by the door), no idle timer, and no command timer, which bounds nothing
 * that was already written and costs most of the throughput.
 */
export function makeClient(options: RedisClientOptions): RedisClientLike {
  // Here and not above: who wants the health endpoints alone, or memory alone, does not load the driver.
  const { createClient } = require('redis') as typeof import('redis');
  return createClient({
    maintNotifications: 'disabled',
    ...options,
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
