// The limit: RESP written by hand, one write a turn of the event loop, replies parsed as bulk strings. It has no
// deadlines, no reconnecting and no errors, and reads nothing but GET.

import { createConnection, type Socket } from 'node:net';
import type { Context, Subject } from './subject.js';

const CR = 13;
const CRLF = 2;

class ByHand {
  readonly #socket: Socket;
  readonly #waiting: ((text: string | null) => void)[] = [];
  #next = 0;
  #out = '';
  #in: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.#socket = createConnection(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#read(chunk));
  }

  command(...parts: readonly string[]): Promise<string | null> {
    if (this.#out === '') process.nextTick(() => this.#flush());
    this.#out += `*${parts.length}\r\n`;
    for (const part of parts) this.#out += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    this.#socket.write(this.#out);
    this.#out = '';
  }

  #read(chunk: Buffer): void {
    const bytes = this.#in.length === 0 ? chunk : Buffer.concat([this.#in, chunk]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(CR, at);
      if (end < 0 || end + CRLF > bytes.length) break;
      const isBulk = bytes[at] === 0x24;
      const length = isBulk ? Number(bytes.toString('latin1', at + 1, end)) : -1;
      const from = end + CRLF;
      if (length >= 0 && from + length + CRLF > bytes.length) break;
      const text = length < 0 ? null : bytes.toString('utf8', from, from + length);
      at = length < 0 ? from : from + length + CRLF;
      this.#answer(text);
    }
    this.#in = bytes.subarray(at);
  }

  #answer(text: string | null): void {
    this.#waiting[this.#next++]?.(text);
    if (this.#next < 1_024) return;
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
  }
}

export async function byHand({ port, ttlMs }: Context): Promise<Subject> {
  const redis = new ByHand(port);
  return {
    fetch: async (key) => JSON.parse((await redis.command('GET', key)) ?? 'null'),
    set: (key, value) => redis.command('SET', key, JSON.stringify(value), 'PX', `${ttlMs}`),
    remove: (key) => redis.command('DEL', key),
    close: () => redis.close(),
  };
}
