// A visitor's connection, and the log of what became of requests.

import { createConnection, type Socket } from 'node:net';
import { now } from './time.js';

export const OK = 0;
export const FAILED = 1;
export const REFUSED = 2;
/** Another product's body. */
export const WRONG = 3;

export type Outcome = typeof OK | typeof FAILED | typeof REFUSED | typeof WRONG;

/** A keep-alive connection that carries one request at a time. A few lines of HTTP cost little of the other core. */
export class Visitor {
  readonly #port: number;
  #socket: Socket | undefined;
  #text = '';
  #expect = '';
  #done: ((outcome: Outcome) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Connects, so that the first request need not. */
  async connect(): Promise<void> {
    const socket = this.#open();
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  }

  ask(id: number, done: (outcome: Outcome) => void): void {
    this.#done = done;
    this.#expect = `"id":${id},`;
    this.#text = '';
    const socket = this.#socket ?? this.#open();
    socket.write(`GET /product/${id} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  }

  close(): void {
    this.#done = undefined;
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = createConnection(this.#port, '127.0.0.1');
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk) => this.#read(String(chunk)));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#end(REFUSED);
    });
    this.#socket = socket;
    return socket;
  }

  #read(chunk: string): void {
    this.#text += chunk;
    const head = this.#text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < head + 4 + length) return;
    if (!this.#text.startsWith('HTTP/1.1 200')) this.#end(FAILED);
    else this.#end(this.#text.includes(this.#expect, head) ? OK : WRONG);
  }

  #end(outcome: Outcome): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }
}

/** Requests: when each should have begun (Unix milliseconds), what it took, how it ended. */
export interface RequestLog {
  readonly starts: Float64Array;
  readonly took: Float64Array;
  readonly outcomes: Uint8Array;
  /** When those began that have no answer. */
  readonly pending: Float64Array;
  /** When the log was closed. */
  readonly endedAt: number;
}

export class RequestLogger {
  readonly #starts: number[] = [];
  readonly #took: number[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #open = new Set<{ readonly startedAt: number }>();

  /** Returns a function that notes the end. */
  begin(startedAt: number): (outcome: Outcome) => void {
    const request = { startedAt };
    this.#open.add(request);
    return (outcome) => {
      this.#open.delete(request);
      this.#starts.push(startedAt);
      this.#took.push(now() - startedAt);
      this.#outcomes.push(outcome);
    };
  }

  get log(): RequestLog {
    return {
      starts: Float64Array.from(this.#starts),
      took: Float64Array.from(this.#took),
      outcomes: Uint8Array.from(this.#outcomes),
      pending: Float64Array.from([...this.#open].map(({ startedAt }) => startedAt)),
      endedAt: now(),
    };
  }
}
