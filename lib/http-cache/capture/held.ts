import type { ServerResponse } from 'node:http';
import { bytesOf, type WriteArguments } from './arguments.js';

type Part = 'write' | 'end';

/**
 * An answer whose parts wait. In the meantime the response says that its head was sent, so that no error handler writes
 * another one.
 */
export class Held {
  readonly #res: ServerResponse;
  readonly #head: () => unknown[];
  readonly #parts: [name: Part, args: readonly unknown[]][] = [];

  /** `head`: returns the arguments of `writeHead`, once the fields are final. */
  constructor(res: ServerResponse, head: () => unknown[]) {
    this.#res = res;
    this.#head = head;
    const value = { configurable: true, get: () => true };
    Object.defineProperty(res, 'headersSent', value);
  }

  /** The owner of a chunk may use its buffer again, so it is copied. */
  add(name: Part, args: WriteArguments): void {
    const [chunk] = args;
    const isBytes = chunk instanceof Uint8Array;
    this.#parts.push([name, isBytes ? [bytesOf(args), ...args.slice(1)] : args]);
    if (name === 'end')
      Object.defineProperty(this.#res, 'writableEnded', { configurable: true, get: () => true });
  }

  /** Sends all parts, in their order. */
  release(forward: (name: 'writeHead' | Part, args: readonly unknown[]) => unknown): void {
    Reflect.deleteProperty(this.#res, 'headersSent');
    Reflect.deleteProperty(this.#res, 'writableEnded');
    forward('writeHead', this.#head());
    for (const [name, args] of this.#parts) forward(name, args);
  }
}
