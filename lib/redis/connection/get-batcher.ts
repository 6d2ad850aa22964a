import type { Connection } from './connection.js';
import { Failure, HESITATES } from '../failure.js';

/** Keys in one command: enough to share its cost, few enough that replies keep flowing when values are large. */
const MAX_KEYS = 32;

/** Commands without an answer beyond which those of spared readers would only be in the way of others. */
const MIN_PROBES = 32;

type Resolve = (slot: unknown) => void;

/**
 * Sends the reads of one turn of the event loop together: one `GET` for one key, one `MGET` for several.
 * A command costs the driver more than a key does, so that concurrent hits get cheaper, not dearer.
 */
export class GetBatcher {
  readonly #connection: Connection;
  /** Takes what is not a whole reply. */
  readonly #onOdd: (reply: unknown) => unknown;
  readonly #canSpare: (key: string) => boolean;
  #keys: string[] = [];
  #resolves: Resolve[] = [];
  #isSplit = false;
  readonly #flush = (): void => this.#send();

  /** `canSpare`: whether the reader of a key can be served without Redis, should Redis hesitate. */
  constructor(
    connection: Connection,
    onOdd: (reply: unknown) => unknown,
    canSpare: (key: string) => boolean,
  ) {
    this.#connection = connection;
    this.#onOdd = onOdd;
    this.#canSpare = canSpare;
  }

  /** Resolves to what is under the key, `null`, or a `Failure`: `HESITATES` for a reader that can be spared. */
  get(key: string): Promise<unknown> {
    return new Promise((resolve) => {
      if (this.#connection.hesitates && this.#canSpare(key)) {
        // Not before the event loop has turned: a caller that asks again at once would never let it read the reply.
        this.#connection.afterPoll(() => resolve(HESITATES));
        // Some are sent all the same: whether they are answered tells whether Redis is hung.
        if (this.#connection.unanswered >= MIN_PROBES) return;
      }
      this.#keys.push(key);
      this.#resolves.push(resolve);
      if (this.#keys.length === 1) process.nextTick(this.#flush);
      else if (this.#keys.length === MAX_KEYS) this.#send();
    });
  }

  #send(): void {
    const keys = this.#keys;
    const resolves = this.#resolves;
    if (keys.length === 0) return;
    this.#keys = [];
    this.#resolves = [];
    if (keys.length === 1 || this.#isSplit) this.#sendEach(keys, resolves);
    else this.#sendTogether(keys, resolves);
  }

  #sendEach(keys: readonly string[], resolves: readonly Resolve[]): void {
    keys.forEach((key, i) => {
      const spare = (): void => this.#spare([key], resolves.slice(i, i + 1));
      void this.#connection.send(['GET', key], spare).then((reply) => {
        resolves[i]?.(reply instanceof Failure ? this.#onOdd(reply) : reply);
      });
    });
  }

  #sendTogether(keys: readonly string[], resolves: readonly Resolve[]): void {
    const spare = (): void => this.#spare(keys, resolves);
    void this.#connection.send(['MGET', ...keys], spare).then((reply) => {
      const isSplit = reply instanceof Failure && reply.isAbout('CROSSSLOT');
      if (!isSplit) return this.#share(reply, resolves);
      // One address of a server in cluster mode: keys of several slots cannot be asked for together.
      this.#isSplit = true;
      return this.#sendEach(keys, resolves);
    });
  }

  #spare(keys: readonly string[], resolves: readonly Resolve[]): void {
    keys.forEach((key, i) => {
      if (this.#canSpare(key)) resolves[i]?.(HESITATES);
    });
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
