import { inBackground } from '../../core/background.js';
import { CLOSED, Failure } from '../failure.js';
import type { RedisClientLike } from './client.js';
import { listenTo } from './client-events.js';
import {
  type Connection,
  type ConnectionSource,
  NO_WITNESS,
  type SourceOptions,
  type Witness,
} from './connection.js';
import { RedisConnection } from './redis-connection.js';
import { NO_PROGRESS } from './socket-meter.js';

/** How long we wait for an adopted client to become ready before we report a failure. */
const READY_WITHIN_MS = 1_000;

/**
 * A client that the user made, connects and closes. We listen to it and use it while it is ready. We may not
 * replace a hung connection of it, so we send nothing more until it has answered everything.
 */
export class AdoptedSource implements ConnectionSource {
  readonly witness: Witness = NO_WITNESS;
  readonly #client: RedisClientLike;
  readonly #options: SourceOptions;
  #leave: (() => void) | undefined;
  #isClosed = false;
  #last: RedisConnection | undefined;

  constructor(client: RedisClientLike, options: SourceOptions) {
    this.#client = client;
    this.#options = options;
  }

  async open(): Promise<Connection | Failure> {
    if (this.#isClosed) return CLOSED;
    // Without a listener an 'error' event ends the process.
    this.#leave ??= listenTo(this.#client, { onReady: () => void this.#options.onReady() });
    if (!this.#client.isReady) await inBackground(() => this.#untilReady());
    if (this.#isClosed) return CLOSED;
    if (!this.#client.isReady) return notConnected(this.#client.isOpen);
    if (this.#last !== undefined && this.#last.unanswered > 0) return stillHung();
    return this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#leave?.();
    this.#last?.dispose(CLOSED);
  }

  #connect(): Connection {
    const connection: RedisConnection = new RedisConnection({
      client: this.#client,
      clock: this.#options.clock,
      commandTimeoutMs: this.#options.commandTimeoutMs,
      commandTimes: this.#options.commandTimes,
      isOurs: false,
      progress: NO_PROGRESS,
      onLost: (failure) => this.#options.onLost(connection, failure),
    });
    connection.start();
    this.#last = connection;
    return connection;
  }

  /** Waits a moment, because its owner may be about to connect it, or it is reconnecting. */
  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        leave();
        resolve();
      };
      const timer = this.#options.clock.setTimer(done, READY_WITHIN_MS);
      const leave = listenTo(this.#client, { onReady: done });
    });
  }
}

function notConnected(isOpen: boolean): Failure {
  const advice = isOpen ? 'it is reconnecting' : 'call connect() on it';
  const error = new Error(`the given Redis client is not connected: ${advice}`);
  return new Failure('unavailable', 'not_connected', error);
}

function stillHung(): Failure {
  const error = new Error('the given Redis client has not answered earlier commands');
  return new Failure('unavailable', 'timeout', error);
}
