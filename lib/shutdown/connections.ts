import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/time/clock.js';
import { isIdleStream } from './idle-stream.js';

/** A connection without a request that moved nothing for this long is not about to send one. */
const SILENT_MS = 1_000;

/**
 * Events that take a request away from `request`. Node changes its behaviour if there is a listener, so we
 * listen only if the application does.
 */
const DETOURS = ['upgrade', 'connect', 'checkContinue', 'checkExpectation'] as const;

/** One connection and its recent activity. */
interface Connection {
  readonly socket: Socket;
  /** The answers that are not finished. Pipelined requests have several. */
  readonly open: Set<ServerResponse>;
  hasAsked: boolean;
  bytes: number;
  /** Since when no byte has moved, as of our last look. */
  quietSince: number;
}

/**
 * Every connection of a server, with the requests that wait for an answer. `closeIdleConnections()` of Node
 * sees neither connections without a first request nor upgraded ones, and Node cannot tell a lost request from
 * an event stream.
 *
 * Invariant: an open socket is in `#sockets`, and in `#connections` as soon as it can carry HTTP.
 */
export class Connections {
  readonly #server: Server;
  readonly #clock: Clock;
  /** Sockets as the network gave them; those of TLS also before their handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Map<Socket, Connection>();
  #lastSeenAt = Number.NEGATIVE_INFINITY;

  constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  /** Begins to watch. Connections that were made earlier are known from their next request on. */
  start(): void {
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    const isTls = 'setSecureContext' in this.#server;
    this.#server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#of(socket);
    });
    this.#server.prependListener('request', this.#onRequest);
    this.#server.on('removeListener', (name) => {
      for (const detour of DETOURS) if (name === detour) this.#leaveAlone(detour);
    });
  }

  get isEmpty(): boolean {
    return this.#sockets.size === 0;
  }

  /** Whether no client is connected now, or was within the last `ms`. */
  async wereAbsentFor(ms: number): Promise<boolean> {
    if (this.#clock.now() - this.#lastSeenAt < ms) return false;
    return (await this.#count()) === 0;
  }

  /** Finds out which connections moved bytes, and so how long the others have been quiet. */
  look(): void {
    const now = this.#clock.now();
    for (const connection of this.#connections.values()) {
      const bytes = bytesOf(connection.socket);
      if (bytes === connection.bytes) continue;
      connection.bytes = bytes;
      connection.quietSince = now;
    }
  }

  /** Closes the connections that carry no request and are not about to. Upgraded ones stay. */
  closeIdle(): void {
    this.look();
    this.#server.closeIdleConnections();
    for (const { socket, hasAsked, quietSince } of this.#connections.values()) {
      if (!hasAsked && this.#clock.now() - quietSince >= SILENT_MS) socket.destroy();
    }
  }

  /** Ends every connection, upgraded ones too. Returns how many requests lost their answer. */
  destroyAll(): number {
    this.look();
    let lost = 0;
    for (const { open, quietSince } of this.#connections.values()) {
      const quietMs = this.#clock.now() - quietSince;
      for (const res of open) if (!isIdleStream(res, quietMs)) lost++;
    }
    this.#server.closeAllConnections();
    for (const socket of [...this.#connections.keys(), ...this.#sockets]) socket.destroy();
    return lost;
  }

  #keep(socket: Socket): void {
    this.#joinDetours();
    this.#sockets.add(socket);
    this.#lastSeenAt = this.#clock.now();
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#lastSeenAt = this.#clock.now();
    });
  }

  #of(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const quietSince = this.#clock.now();
    const bytes = bytesOf(socket);
    const connection = {
      socket,
      open: new Set<ServerResponse>(),
      hasAsked: false,
      bytes,
      quietSince,
    };
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  }

  /** For an event without a response, such as an upgrade, the second argument is the socket. */
  readonly #onRequest = (req: IncomingMessage, res: ServerResponse | Duplex): void => {
    const connection = this.#of(req.socket);
    connection.hasAsked = true;
    if (!(res instanceof ServerResponse)) return;
    connection.open.add(res);
    res.once('close', () => connection.open.delete(res));
  };

  #joinDetours(): void {
    for (const detour of DETOURS) {
      const listeners = this.#server.listeners(detour);
      if (listeners.length === 0 || listeners.includes(this.#onRequest)) continue;
      this.#server.prependListener(detour, this.#onRequest);
    }
  }

  /** Without other listeners no code would answer such a request. */
  #leaveAlone(detour: (typeof DETOURS)[number]): void {
    if (this.#server.listenerCount(detour) === 1) this.#server.off(detour, this.#onRequest);
  }

  /** By the server's own count, which includes connections that were made before we watched. */
  #count(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.getConnections((error, count) => resolve(error ? this.#sockets.size : count));
    });
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
