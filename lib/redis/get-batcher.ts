import type { Connection } from './connection.js';
import { Failure } from './failure.js';

/** Keys in one command: enough to share its cost, few enough that replies keep flowing when values are large. */
const MAX_KEYS = 32;

type Resolve = (slot: unknown) => void;

/**
 * Sends the reads of one turn of the event loop together: one `GET` for one key, one `MGET` for several.
 * A command costs the driver more than a key does, so that concurrent hits get cheaper, not dearer.
 */
export class GetBatcher {
  readonly #connection: Connection;
  /** Takes what is not a whole reply. */
  readonly #onOdd: (reply: unknown) => unknown;
  #keys: string[] = [];
  #resolves: Resolve[] = [];
  readonly #flush = (): void => this.#send();

  constructor(connection: Connection, onOdd: (reply: unknown) => unknown) {
    this.#connection = connection;
    this.#onOdd = onOdd;
  }

  /** Resolves to what is under the key, `null`, or a `Failure`. */
  get(key: string): Promise<unknown> {
    return new Promise((resolve) => {
      this.#keys.push(key);
      this.#resolves.push(resolve);
      if (this.#keys.length === 1) process.nextTick(this.#flush);
      else if (this.#keys.length === MAX_KEYS) this.#send();
    });
  }

  #send(): void {
    const keys = this.#keys;
    const resolves = this.#resolves;
    const [resolve] = resolves;
    if (resolve === undefined) return;
    this.#keys = [];
    this.#resolves = [];
    if (keys.length === 1) {
      void this.#connection.send(['GET', ...keys]).then((reply) => {
        resolve(reply instanceof Failure ? this.#onOdd(reply) : reply);
      });
      return;
    }
    void this.#connection.send(['MGET', ...keys]).then((reply) => this.#share(reply, resolves));
  }

  #share(reply: unknown, resolves: readonly Resolve[]): void {
    const isWhole = Array.isArray(reply) && reply.length === resolves.length;
    if (isWhole) {
      for (let i = 0; i < resolves.length; i++) resolves[i]?.(reply[i]);
      return;
    }
    const answer = this.#onOdd(reply);
    for (const resolve of resolves) resolve(answer);
  }
}
