import type { RedisClientLike } from '../redis/connection/client.js';
import { type Argument, toBytes } from './scripted-redis/bytes.js';
import { type ClientEnd, connectionLost, type Wire } from './scripted-wire.js';

type Listener = (...args: unknown[]) => void;

/** Returns a new connection, or rejects with the reason why not. */
export type Dial = (end: ClientEnd) => Promise<Wire>;

/** A node-redis client without a socket. It never connects again by itself. */
export class ScriptedClient implements RedisClientLike {
  /** As a client of node-redis shows them. */
  readonly options: { readonly emitInvalidate: boolean };
  readonly #dial: Dial;
  readonly #listeners = new Map<string, Set<Listener>>();
  #wire: Wire | undefined;
  #isOpen = false;
  /** The call of `connect()` that counts. Earlier ones were destroyed. */
  #attempt = 0;

  /** `emitInvalidate`: emits what the server says of changed keys. */
  constructor(dial: Dial, emitInvalidate = false) {
    this.#dial = dial;
    this.options = { emitInvalidate };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isReady(): boolean {
    return this.#wire !== undefined;
  }

  async connect(): Promise<this> {
    if (this.#isOpen) throw new Error('Socket already opened');
    this.#isOpen = true;
    const attempt = ++this.#attempt;
    try {
      const wire = await this.#dial({
        onBroken: (error) => this.#onBroken(error),
        onMessage: ([kind, key]) => this.#emit(String(kind), key),
      });
      const isWanted = attempt === this.#attempt && this.#isOpen;
      if (!isWanted) wire.close();
      if (wire.isBroken) throw connectionLost();
      this.#wire = wire;
    } catch (error) {
      if (attempt === this.#attempt) this.#isOpen = false;
      this.#emit('error', error);
      throw error;
    }
    this.#emit('connect');
    this.#emit('ready');
    return this;
  }

  sendCommand(args: readonly Argument[]): Promise<unknown> {
    const wire = this.#wire;
    if (wire === undefined) return Promise.reject(connectionLost());
    return new Promise((resolve, reject) => {
      wire.send({ args: args.map(copy), resolve, reject });
    });
  }

  destroy(): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#isOpen = false;
    this.#attempt++;
    wire?.close();
  }

  unref(): void {}

  on(event: string, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  #onBroken(error: Error): void {
    // Before it is ready, connect() itself rejects.
    if (this.#wire === undefined) return;
    this.#wire = undefined;
    this.#isOpen = false;
    this.#emit('error', error);
    this.#emit('end');
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...args);
  }
}

/** A buffer may be used again as soon as it was sent. */
function copy(argument: Argument): Argument {
  return typeof argument === 'string' ? argument : Buffer.from(toBytes(argument), 'latin1');
}
