import type { Socket } from 'node:net';

/** An error that Redis replied. */
export class RespError extends Error {}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** Reads RESP2 replies off a socket, for tests that must not depend on a Redis client. */
export class RespReader {
  #buffer = Buffer.alloc(0);
  #onValue: ((value: unknown) => void) | undefined;
  #ended: Error | undefined;
  readonly #values: unknown[] = [];
  readonly #waiting: Waiting[] = [];

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      try {
        this.#drain();
      } catch (error) {
        // Thrown from here it would end the process, and not the test that asked.
        this.#end(error as Error);
        socket.destroy();
      }
    });
    socket.on('close', () => this.#end(new Error('the connection closed')));
  }

  /** The next reply; an error that Redis replied is a value too. */
  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) resolve(this.#values.shift());
      else if (this.#ended !== undefined) reject(this.#ended);
      else this.#waiting.push({ resolve, reject });
    });
  }

  /** Gives every reply from now on to `onValue`, those first that have come and nobody has read. */
  listen(onValue: (value: unknown) => void): void {
    this.#onValue = onValue;
    for (const value of this.#values.splice(0)) onValue(value);
  }

  #drain(): void {
    for (;;) {
      const parsed = parse(this.#buffer, 0);
      if (parsed === undefined) return;
      this.#buffer = this.#buffer.subarray(parsed.end);
      this.#take(parsed.value);
    }
  }

  #take(value: unknown): void {
    if (this.#onValue !== undefined) this.#onValue(value);
    else if (this.#waiting.length > 0) this.#waiting.shift()?.resolve(value);
    else this.#values.push(value);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/** A command as RESP wants it. */
export function encodeCommand(args: readonly string[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

interface Parsed {
  readonly value: unknown;
  readonly end: number;
}

/** One reply from `at` on, or `undefined` while it is not complete. */
function parse(buffer: Buffer, at: number): Parsed | undefined {
  const lineEnd = buffer.indexOf('\r\n', at);
  if (lineEnd === -1) return undefined;
  const line = buffer.toString('utf8', at + 1, lineEnd);
  const after = lineEnd + 2;
  switch (String.fromCharCode(buffer[at] ?? 0)) {
    case '+':
      return { value: line, end: after };
    case '-':
      return { value: new RespError(line), end: after };
    case ':':
      return { value: Number(line), end: after };
    case '$':
      return parseBulk(buffer, Number(line), after);
    case '*':
      return parseArray(buffer, Number(line), after);
    default:
      throw new Error(`not RESP2: ${JSON.stringify(buffer.toString('latin1', at, at + 60))}`);
  }
}

function parseBulk(buffer: Buffer, length: number, at: number): Parsed | undefined {
  if (length === -1) return { value: null, end: at };
  if (buffer.length < at + length + 2) return undefined;
  return { value: buffer.toString('utf8', at, at + length), end: at + length + 2 };
}

function parseArray(buffer: Buffer, length: number, at: number): Parsed | undefined {
  if (length === -1) return { value: null, end: at };
  const value: unknown[] = [];
  let end = at;
  for (let i = 0; i < length; i++) {
    const item = parse(buffer, end);
    if (item === undefined) return undefined;
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}
