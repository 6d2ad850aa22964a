import type { RedisClientLike, RedisSource } from './client.js';
import { Connection } from './connection.js';
import { CLOSED, classify, Failure } from '../failure.js';
import { type OpenOptions, openConnection } from './handshake.js';

/** How long an adopted client is waited for before that counts as trouble. */
const READY_WITHIN_MS = 1_000;

/** Where the door gets its connections. `open` never rejects. */
export interface ConnectionSource {
  open(): Promise<Connection | Failure>;
  close(): void;
}

export interface SourceOptions extends OpenOptions {
  /** An adopted client says that it is usable again. */
  readonly onReady: () => unknown;
}

export function connectionSource(source: RedisSource, options: SourceOptions): ConnectionSource {
  return source.kind === 'made'
    ? new MadeSource(source.create, options)
    : new AdoptedSource(source.client, options);
}

/** A fresh client of ours for each attempt. */
class MadeSource implements ConnectionSource {
  readonly #create: () => RedisClientLike;
  readonly #options: OpenOptions;
  #last: Connection | undefined;

  constructor(create: () => RedisClientLike, options: OpenOptions) {
    this.#create = create;
    this.#options = options;
  }

  async open(): Promise<Connection | Failure> {
    try {
      return await openConnection(this.#create(), this.#options, (connection) => {
        this.#last = connection;
      });
    } catch (error) {
      return classify(error);
    }
  }

  /** Also a connection that is only being made must not keep the process alive. */
  close(): void {
    this.#last?.lose(CLOSED);
  }
}

/**
 * A client that somebody else made, connects and closes. It is listened to and used while it is ready;
 * a hung connection of it is not ours to replace, so nothing more is sent on it until it has answered
 * everything it was asked.
 */
class AdoptedSource implements ConnectionSource {
  readonly #client: RedisClientLike;
  readonly #options: SourceOptions;
  #last: Connection | undefined;
  readonly #onReady = (): unknown => this.#options.onReady();
  /** Without a listener an 'error' event ends the process. */
  readonly #onError = (): void => {};

  constructor(client: RedisClientLike, options: SourceOptions) {
    this.#client = client;
    this.#options = options;
    client.on('error', this.#onError);
    client.on('ready', this.#onReady);
  }

  async open(): Promise<Connection | Failure> {
    if (!this.#client.isReady) await this.#untilReady();
    if (!this.#client.isReady) return notConnected(this.#client.isOpen);
    if (this.#last !== undefined && this.#last.unanswered > 0) return stillHung();
    const connection: Connection = new Connection({
      client: this.#client,
      clock: this.#options.clock,
      commandTimeoutMs: this.#options.commandTimeoutMs,
      isOurs: false,
      onLost: (failure) => this.#options.onLost(connection, failure),
    });
    this.#last = connection;
    return connection;
  }

  close(): void {
    this.#client.off('ready', this.#onReady);
  }

  /** Its owner may be about to connect it, or it is reconnecting: given a moment. */
  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#client.off('ready', done);
        resolve();
      };
      const timer = this.#options.clock.setTimer(done, READY_WITHIN_MS);
      this.#client.on('ready', done);
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
