import type { Clock } from '../../core/time/clock.js';
import type { Failure } from '../failure.js';

/** What a command asks of Redis and of the network: its deadline grows with it. */
export interface Cost {
  /** How many keys the command touches. */
  readonly keys: number;
  /** Bytes to be written, plus the bytes that its reply is expected to have. */
  readonly bytes: number;
  /** The size of the largest reply seen lately: one like it may have to arrive first. */
  readonly largest?: number;
}

/** Hears what happens on a connection. A listener must not throw. */
export interface ConnectionListener {
  /** The connection was lost or given up. Called once; every command was settled before. */
  ended?(failure: Failure): void;
  /** Redis begins to hesitate: answers are overdue, by what is usual here. Called once each time. */
  hesitating?(): void;
  /** The server said something that nobody asked for. */
  message?(message: readonly unknown[]): void;
}

/**
 * One connection to one Redis server.
 *
 * `send` never rejects: it resolves to the reply or to a `Failure`, and at the latest when the command's
 * deadline passes or the connection ends. Commands are executed and answered in the order of the calls.
 * A connection that has ended stays ended; `send` then resolves at once to the reason.
 */
export interface Connection {
  /** Commands that Redis has not answered, whether or not somebody still waits for them. */
  readonly unanswered: number;
  /** Whether answers are overdue, by what is usual here: Redis may hang. */
  readonly hesitates: boolean;
  /** Bytes received since the last reply: of a large one that is on its way. 0 where the socket cannot be seen. */
  readonly arrived: number;
  send(args: readonly (string | Buffer)[], cost: Cost): Promise<unknown>;
  /** Adds a listener. The returned function removes it. */
  listen(listener: ConnectionListener): () => void;
  /** Declares the connection unusable and tells whoever opened it. */
  lose(failure: Failure): void;
  /** Gives the connection up without telling whoever opened it. */
  dispose(failure?: Failure): void;
}

export interface OpenOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** A connection that was handed out is lost. */
  readonly onLost: (connection: Connection, failure: Failure) => void;
}

export interface SourceOptions extends OpenOptions {
  /** An adopted client says that it is usable again. */
  readonly onReady: () => unknown;
}

/** Where a door gets its connections. `open` never rejects. */
export interface ConnectionSource {
  open(): Promise<Connection | Failure>;
  close(): void;
}
