import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import { Session } from '../commands/session.js';
import {
  type Connection,
  type ConnectionSource,
  NO_WITNESS,
  type SourceOptions,
  type Witness,
} from '../connection/connection.js';
import { CLOSED, Failure } from '../failure.js';
import type { DoorSession, SessionHost, SessionSource } from './door-session.js';

export interface ClientSessionsOptions {
  readonly connections: (options: SourceOptions) => ConnectionSource;
  /** Whether each session is a new connection. */
  readonly isFresh: boolean;
  /** The hash tag of the package's own keys on the server that a session begins with. */
  readonly tag?: (() => string) | undefined;
  /** Present in a cluster. */
  readonly slotOf?: ((key: string) => number) | undefined;
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
    this.isFresh = options.isFresh;
  }

  start(host: SessionHost): void {
    const { connections, clock, commandTimeoutMs, commandTimes } = this.#options;
    this.#host = host;
    this.#connections = connections({
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
      tag: this.#options.tag?.(),
      slotOf: this.#options.slotOf,
      clock,
      commandTimeoutMs,
      maxValueBytes,
      time: host.time,
      generation: () => host.generation,
      spare: (key) => host.canSpare(key),
    });
    this.#sessions.set(connection, session);
    void session.news?.start();
    return session;
  }

  isNamed(session: DoorSession): boolean {
    const witness = this.#witness;
    if (witness === NO_WITNESS) return true;
    return session instanceof Session && witness.isNamed(session.connection);
  }

  async confirm(session: DoorSession): Promise<boolean> {
    return session instanceof Session && this.#witness.confirm(session.connection);
  }

  /** What people should know although Redis is used. */
  get notice(): string | undefined {
    return this.#witness.notice;
  }

  close(): void {
    this.#connections?.close();
  }

  get #witness(): Witness {
    return this.#connections?.witness ?? NO_WITNESS;
  }
}
