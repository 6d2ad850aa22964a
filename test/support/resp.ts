import type { Socket } from 'node:net';

/** An error that Redis replied. */
export class RespError extends Error {}

/** Reads RESP2 replies off a socket, for tests that must not depend on a Redis client. */
export class RespReader {
  /** Takes every value from now on. */
  onValue: ((value: unknown) => void) | undefined;
  #buffer = Buffer.alloc(0);
  readonly #values: unknown[] = [];
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#drain();
    });
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection closed'));
    });
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) resolve(this.#values.shift());
      else this.#waiting.push({ resolve, reject });
    });
  }

  #drain(): void {
    for (
      let parsed = parse(this.#buffer, 0);
      parsed !== undefined;
      parsed = parse(this.#buffer, 0)
    ) {
      this.#buffer = this.#buffer.subarray(parsed.end);
      if (this.onValue !== undefined) this.onValue(parsed.value);
      else if (this.#waiting.length > 0) this.#waiting.shift()?.resolve(parsed.value);
      else this.#values.push(parsed.value);
    }
  }
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
      throw new Error(`not RESP: ${line}`);
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
