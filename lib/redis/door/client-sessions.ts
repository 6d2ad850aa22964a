import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import { Session } from '../commands/session.js';
import type { RedisSource } from '../connection/client.js';
import type { Connection, ConnectionSource } from '../connection/connection.js';
import { connectionSource } from '../connection/connection-source.js';
import { CLOSED, Failure } from '../failure.js';
import type { DoorSession, SessionHost, SessionSource } from './door-session.js';

export interface ClientSessionsOptions {
  readonly source: RedisSource;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  /** The largest value that we send. */
  readonly maxValueBytes: number;
  readonly clock: Clock;
  /** Gets the seconds that each command took. */
  readonly commandTimes?: Histogram | undefined;
}

/** Sessions on connections of node-redis clients. */
export class ClientSessions implements SessionSource {
  readonly isFresh: boolean;
  readonly #options: ClientSessionsOptions;
  readonly #sessions = new WeakMap<Connection, Session>();
  #host: SessionHost | undefined;
  #connections: ConnectionSource | undefined;

  constructor(options: ClientSessionsOptions) {
    this.#options = options;
    this.isFresh = options.source.kind === 'made';
  }

  start(host: SessionHost): void {
    const { source, clock, commandTimeoutMs, commandTimes } = this.#options;
    this.#host = host;
    this.#connections = connectionSource(source, {
      clock,
      commandTimeoutMs,
      commandTimes,
      onReady: () => host.ready(),
      onLost: (connection, failure) => {
        const session = this.#sessions.get(connection);
        if (session !== undefined) host.lost(session, failure);
      },
    });
  }

  async open(): Promise<DoorSession | Failure> {
    const host = this.#host;
    if (host === undefined || this.#connections === undefined) return CLOSED;
    const connection = await this.#connections.open();
    if (connection instanceof Failure) return connection;
    const { prefix, clock, commandTimeoutMs, maxValueBytes } = this.#options;
    const session = new Session(connection, {
      prefix,
      clock,
      commandTimeoutMs,
      maxValueBytes,
      time: host.time,
      generation: () => host.generation,
      spare: (key) => host.canSpare(key),
    });
    this.#sessions.set(connection, session);
    return session;
  }

  close(): void {
    this.#connections?.close();
  }
}
