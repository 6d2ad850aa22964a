import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand, RespError, RespReader } from './resp.js';

/** A connection that sends commands and does nothing of its own accord. */
export class RawClient {
  readonly #socket: Socket;
  readonly #reader: RespReader;
  /** The code of the error that ended the connection. */
  error: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new RespReader(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  get isClosed(): boolean {
    return this.#socket.closed;
  }

  /** Writes a command, and waits for nothing. */
  send(...args: string[]): void {
    this.#socket.write(encodeCommand(args));
  }

  /** The next reply, an error as a text. */
  async next(): Promise<unknown> {
    const value = await this.#reader.next();
    return value instanceof RespError ? value.message : value;
  }

  ask(...args: string[]): Promise<unknown> {
    this.send(...args);
    return this.next();
  }

  close(): void {
    this.#socket.destroy();
  }
}
