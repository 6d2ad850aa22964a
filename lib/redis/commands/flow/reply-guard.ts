import type { Connection } from '../../connection/connection.js';
import { Failure } from '../../failure.js';

/** Ends a connection on which the cache cannot go on. */
export class ReplyGuard {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Redis forbids a command that the cache needs and that it allowed before. The next probe finds out what is
   * still allowed.
   */
  orDenied(failure: Failure): Failure {
    if (!failure.isRefusal) return failure;
    const denied = new Failure('unavailable', failure.reason, failure.error);
    this.#connection.lose(denied);
    return denied;
  }

  /** Replies no longer belong to their commands. */
  desync(what: string): Failure {
    const error = new Error(`${what}: replies and commands of this connection have come apart`);
    const failure = new Failure('unavailable', 'protocol_error', error);
    this.#connection.lose(failure);
    return failure;
  }
}
