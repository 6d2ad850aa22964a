import type { ServerResponse } from 'node:http';
import { bytesOf, type WriteArguments } from './arguments.js';
import { beforeDestroy } from './socket-end.js';

type Part = 'write' | 'end';

/**
 * An answer whose parts wait. In the meantime the response says that its head was sent, so that no error handler writes
 * another one.
 */
export class Held {
  readonly #res: ServerResponse;
  readonly #head: () => unknown[];
  readonly #parts: [name: Part, args: readonly unknown[]][] = [];
  #isEnded = false;
  #leaveSocket: () => void = () => {};

  /** `head`: returns the arguments of `writeHead`, once the fields are final. */
  constructor(res: ServerResponse, head: () => unknown[]) {
    this.#res = res;
    this.#head = head;
    const value = { configurable: true, get: () => true };
    Object.defineProperty(res, 'headersSent', value);
  }

  /**
   * Takes a part. Its owner may use the buffer again, so the chunk is copied. The caller calls the callback of a `write`: a
   * handler may wait for it. Returns whether the part belongs to the answer: nothing comes after its end.
   */
  add(name: Part, args: WriteArguments): boolean {
    const [chunk] = args;
    const isBytes = chunk instanceof Uint8Array;
    const rest = args.slice(1).filter((arg) => name === 'end' || typeof arg !== 'function');
    this.#parts.push([name, [isBytes ? bytesOf(args) : chunk, ...rest]]);
    return !this.#isEnded;
  }

  /** The answer is whole. `gone`: called if the application is about to end the connection before the answer was sent. */
  ended(gone: () => void): void {
    this.#isEnded = true;
    Object.defineProperty(this.#res, 'writableEnded', { configurable: true, get: () => true });
    this.#leaveSocket = beforeDestroy(this.#res.req.socket, gone);
  }

  /** Sends all parts, in their order. */
  release(forward: (name: 'writeHead' | Part, args: readonly unknown[]) => unknown): void {
    this.#leaveSocket();
    Reflect.deleteProperty(this.#res, 'headersSent');
    Reflect.deleteProperty(this.#res, 'writableEnded');
    forward('writeHead', this.#head());
    for (const [name, args] of this.#parts) forward(name, args);
  }
}
