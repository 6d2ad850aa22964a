import type { Clock } from '../core/clock.js';
import { Session } from './commands/session.js';
import type { RedisSource } from './connection/client.js';
import type { Connection, ConnectionSource } from './connection/connection.js';
import { connectionSource } from './connection/connection-source.js';
import type { DoorSession, SessionEvents, SessionSource } from './door/door-session.js';
import { CLOSED, Failure } from './failure.js';

export interface SessionSourceOptions {
  readonly source: RedisSource;
  readonly prefix: string;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly maxValueBytes: number;
}

/** Gives a door its sessions: one on each connection. */
export class RedisSessionSource implements SessionSource {
  readonly isFresh: boolean;
  readonly #options: SessionSourceOptions;
  #connections: ConnectionSource | undefined;
  #events: SessionEvents | undefined;
  readonly #sessions = new WeakMap<Connection, Session>();

  constructor(options: SessionSourceOptions) {
    this.#options = options;
    this.isFresh = options.source.kind === 'made';
  }

  start(events: SessionEvents): void {
    const { source, clock, commandTimeoutMs } = this.#options;
    this.#events = events;
    this.#connections = connectionSource(source, {
      clock,
      commandTimeoutMs,
      onLost: (connection, failure) => {
        const session = this.#sessions.get(connection);
        if (session !== undefined) events.lost(session, failure);
      },
      onReady: () => events.ready(),
    });
  }

  async open(): Promise<DoorSession | Failure> {
    const events = this.#events;
    const connection = await this.#connections?.open();
    if (events === undefined || connection === undefined) return CLOSED;
    if (connection instanceof Failure) return connection;
    const { prefix, clock, commandTimeoutMs, maxValueBytes } = this.#options;
    const session = new Session(connection, {
      prefix,
      clock,
      commandTimeoutMs,
      maxValueBytes,
      time: events.time,
      generation: () => events.generation(),
      spare: (key) => events.canSpare(key),
    });
    this.#sessions.set(connection, session);
    return session;
  }

  close(): void {
    this.#connections?.close();
  }
}
