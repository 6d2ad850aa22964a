import type { Histogram } from '../../core/diagnostics/histogram.js';
import type { Clock } from '../../core/time/clock.js';
import type { Failure } from '../failure.js';

/** The work that a command makes for Redis and the network. Its deadline grows with it. */
export interface Cost {
  /** How many keys the command touches. */
  readonly keys: number;
  /** The bytes that we write, plus the expected bytes of the reply. */
  readonly bytes: number;
  /** The size of the largest recent reply. One like it may have to arrive first. */
  readonly largest?: number;
  /** The server of this connection must answer, and tell when what it answered changes. */
  readonly isTracked?: boolean;
}

/** Gets the events of a connection. A listener must not throw. */
export interface ConnectionListener {
  /** The connection was lost or disposed. Called once, after every command was settled. */
  ended?(failure: Failure): void;
  /** Redis begins to hesitate: its answers take longer than usual here. Called once each time. */
  hesitating?(): void;
  /** The server sent a message that is no reply. */
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
  /** Commands that Redis has not answered, whether or not a caller still waits for them. */
  readonly unanswered: number;
  /** Whether answers take longer than usual here, so that Redis may hang. */
  readonly hesitates: boolean;
  /** How long a caller waits for an answer here: `commandTimeout`, or less where answers are usually quick. */
  readonly callersPatienceMs: number;
  /** Bytes received since the last reply: of a large one that is on its way. 0 where the socket cannot be seen. */
  readonly arrived: number;
  /** When the last command that Redis has answered was sent (local, monotonic). */
  readonly answeredAt: number;
  /** Whether messages of the server can arrive: `ConnectionListener.message`. */
  readonly hearsMessages: boolean;
  send(args: readonly (string | Buffer)[], cost: Cost): Promise<unknown>;
  /** Adds a listener. The returned function removes it. */
  listen(listener: ConnectionListener): () => void;
  /** Declares the connection unusable and calls `onLost`. */
  lose(failure: Failure): void;
  /** Ends the connection without calling `onLost`. */
  dispose(failure?: Failure): void;
}

export interface OpenOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  /** Gets the seconds that each command took. */
  readonly commandTimes?: Histogram | undefined;
  /** A connection that `open` returned is lost. */
  readonly onLost: (connection: Connection, failure: Failure) => void;
}

export interface SourceOptions extends OpenOptions {
  /** An adopted client says that it is usable again. */
  readonly onReady: () => unknown;
}

/** Says whether the server of a connection is still the one to use, where that can change. */
export interface Witness {
  /** Whether the server was named a moment ago. */
  isNamed(connection: Connection): boolean;
  /** Asks again if it was not named a moment ago. Never rejects. */
  confirm(connection: Connection): Promise<boolean>;
  /** What people should know although Redis is used. */
  readonly notice: string | undefined;
}

/** The server is always the same. */
export const NO_WITNESS: Witness = {
  isNamed: () => true,
  confirm: async () => true,
  notice: undefined,
};

/** Where a door gets its connections. `open` never rejects. */
export interface ConnectionSource {
  readonly witness: Witness;
  open(): Promise<Connection | Failure>;
  close(): void;
}
