import type {
  Connection,
  ConnectionListener,
  Cost,
} from '../../lib/redis/connection/connection.js';
import { CLOSED, type Failure } from '../../lib/redis/failure.js';

export interface Sent {
  readonly args: readonly (string | Buffer)[];
  readonly cost: Cost;
  answer(reply: unknown): void;
}

/** A connection whose replies the test gives. */
export class FakeConnection implements Connection {
  readonly sent: Sent[] = [];
  hesitates = false;
  unanswered = 0;
  arrived = 0;
  answeredAt = Number.NEGATIVE_INFINITY;
  hearsMessages = true;
  callersPatienceMs = Number.POSITIVE_INFINITY;
  lost: Failure | undefined;
  #ended: Failure | undefined;
  readonly #listeners = new Set<ConnectionListener>();
  readonly #open = new Set<(reply: unknown) => void>();

  /** Names of the commands and how many keys or arguments they had: `['MGET', 3]`. */
  get names(): readonly string[] {
    return this.sent.map(({ args }) => `${String(args[0])} ${args.length - 1}`);
  }

  send(args: readonly (string | Buffer)[], cost: Cost): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    this.unanswered++;
    const sentAt = performance.now();
    return new Promise((resolve) => {
      const answer = (reply: unknown): void => {
        if (!this.#open.delete(answer)) return;
        this.unanswered--;
        this.hesitates = false;
        if (this.#ended === undefined) this.answeredAt = sentAt;
        resolve(reply);
      };
      this.#open.add(answer);
      this.sent.push({ args, cost, answer });
    });
  }

  listen(listener: ConnectionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  lose(failure: Failure): void {
    if (this.#ended !== undefined) return;
    this.lost = failure;
    this.dispose(failure);
  }

  dispose(failure: Failure = CLOSED): void {
    if (this.#ended !== undefined) return;
    this.#ended = failure;
    for (const answer of [...this.#open]) answer(failure);
    this.#tell((listener) => listener.ended?.(failure));
  }

  hesitate(): void {
    this.hesitates = true;
    this.#tell((listener) => listener.hesitating?.());
  }

  /** The server sends a message that is no reply. */
  say(message: readonly unknown[]): void {
    this.#tell((listener) => listener.message?.(message));
  }

  /** Takes the next command that was sent. */
  take(): Sent {
    const sent = this.sent.shift();
    if (sent === undefined) throw new Error('nothing was sent');
    return sent;
  }

  #tell(act: (listener: ConnectionListener) => void): void {
    for (const listener of [...this.#listeners]) act(listener);
  }
}

/** Lets promises and the rest of this turn go by. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
