import type { Clock } from '../../core/clock.js';
import type { RedisClientLike } from './client.js';
import { Connection } from './connection.js';
import { DeadlineQueue } from './deadline-queue.js';
import { classify, Failure } from '../failure.js';

/** node-redis bounds the TCP connect only; a server that accepts and says nothing would be waited for until the end of days. */
const HANDSHAKE_TIMEOUT_MS = 1_000;

export interface OpenOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly onLost: (connection: Connection, failure: Failure) => void;
}

/**
 * Connects a fresh client of ours. Settles within a second, whatever the other side does, to a
 * connection whose handshake (HELLO, AUTH, SELECT) succeeded, or to why there is none. `onMade` hears of it
 * before that: it may be lost at any time.
 */
export function openConnection(
  client: RedisClientLike,
  options: OpenOptions,
  onMade: (connection: Connection) => void,
): Promise<Connection | Failure> {
  return new Promise((resolve) => {
    let isOpen = false;
    const deadline = new DeadlineQueue(options.clock, HANDSHAKE_TIMEOUT_MS, false, () => {});
    const connection = new Connection({
      client,
      clock: options.clock,
      commandTimeoutMs: options.commandTimeoutMs,
      isOurs: true,
      onLost: (failure) => {
        deadline.drain();
        if (isOpen) options.onLost(connection, failure);
        else resolve(failure);
      },
    });
    onMade(connection);
    deadline.add({
      sentAt: options.clock.now(),
      isSettled: false,
      expire: () => connection.lose(silentServer()),
    });
    // Also while it is being made, a connection must not keep a finished process alive.
    client.unref?.();
    client.connect().then(
      () => {
        deadline.drain();
        isOpen = true;
        resolve(connection);
      },
      (error) => connection.lose(classify(error)),
    );
  });
}

function silentServer(): Failure {
  const error = new Error(`no Redis handshake within ${HANDSHAKE_TIMEOUT_MS} ms`);
  return new Failure('unavailable', 'timeout', error);
}
