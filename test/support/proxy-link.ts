import { connect, type Socket } from 'node:net';
import { ReplyScanner } from './reply-scanner.js';

/** The end of a stream is an item too, so that it never overtakes a byte. */
type Item = { readonly bytes: Buffer | 'end'; readonly dueAt: number };

/** One direction of a connection: what is sent arrives in order, later, or never. */
class Lane {
  readonly #to: Socket;
  readonly #hangUp: () => void;
  #queue: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isHeld = false;
  #isLost = false;
  delayMs = 0;

  /** `hangUp` is what the end of the stream does. */
  constructor(to: Socket, hangUp: () => void) {
    this.#to = to;
    this.#hangUp = hangUp;
  }

  send(bytes: Buffer | 'end'): void {
    if (this.#isLost) return;
    this.#queue.push({ bytes, dueAt: performance.now() + this.delayMs });
    this.#deliver();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#deliver();
  }

  /** Whatever is on its way, or will be sent, never arrives. */
  lose(): void {
    this.#isLost = true;
    this.#queue = [];
    clearTimeout(this.#timer);
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next !== undefined && !this.#isHeld; next = this.#queue[0]) {
      const ms = next.dueAt - performance.now();
      if (ms > 0) {
        this.#timer = setTimeout(() => this.#deliver(), ms);
        return;
      }
      this.#queue.shift();
      if (next.bytes === 'end') this.#hangUp();
      else if (this.#to.writable) this.#to.write(next.bytes);
    }
  }
}

/** A client's connection and the one to the server that belongs to it. */
export class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toServer: Lane;
  readonly #toClient: Lane;

  constructor(client: Socket, targetPort: number, wantsToDrop: () => boolean) {
    this.#client = client;
    this.#server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    // The server may still read and answer what it was sent; a client has nobody to talk to any more.
    this.#toServer = new Lane(this.#server, () => this.#server.end());
    this.#toClient = new Lane(client, () => client.destroySoon());
    const scanner = new ReplyScanner(wantsToDrop);
    client.on('data', (bytes) => this.#toServer.send(bytes));
    client.on('error', () => {});
    client.on('close', () => this.#toServer.send('end'));
    this.#server.on('data', (bytes) => {
      const rest = scanner.filter(bytes);
      if (rest.length > 0) this.#toClient.send(rest);
    });
    this.#server.on('error', () => {});
    this.#server.on('close', () => this.#toClient.send('end'));
  }

  /** Whether the client still has it. */
  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  /** Whether nothing can happen on it any more. */
  get isOver(): boolean {
    return this.#client.destroyed && this.#server.destroyed;
  }

  onClose(callback: () => void): void {
    this.#client.on('close', callback);
    this.#server.on('close', callback);
  }

  hold(isHeld: boolean): void {
    this.#toServer.hold(isHeld);
    this.#toClient.hold(isHeld);
  }

  slow(ms: number): void {
    this.#toClient.delayMs = ms;
  }

  /** Says something in the server's name. */
  inject(bytes: Buffer): void {
    this.#toClient.send(bytes);
  }

  /** Swallows all bytes from now on; neither side hears of it. */
  lose(): void {
    this.#toServer.lose();
    this.#toClient.lose();
    // The server is spared a connection that nobody has any more.
    if (this.#client.destroyed) this.#server.destroy();
    else this.#client.on('close', () => this.#server.destroy());
  }

  reset(): void {
    resetSocket(this.#client);
  }

  destroy(): void {
    this.#toServer.lose();
    this.#toClient.lose();
    this.#client.destroy();
    this.#server.destroy();
  }
}

/**
 * Resets a connection. One that is ending already is closed: Node (20 to 24) never gives a socket back that is
 * reset while its end is being sent, and a process with such a socket spins for ever when it should end.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
