import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

const SSL_REQUEST = 80_877_103;

interface EmbeddedDatabase {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The example's embedded PostgreSQL behind a port, so that `pg` finds a real server of the test's own. */
export class PostgresServer {
  readonly #database: EmbeddedDatabase;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;
  /** The database takes one message after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(database: EmbeddedDatabase) {
    this.#database = database;
    this.#server = createServer();
  }

  static async start(): Promise<PostgresServer> {
    const require = createRequire(join(__dirname, '../../../example-app/package.json'));
    const { PGlite } = require('@electric-sql/pglite');
    const server = new PostgresServer(await PGlite.create());
    await server.comeBack();
    return server;
  }

  get url(): string {
    return `postgres://postgres:s3cret@127.0.0.1:${this.#port}/postgres`;
  }

  /** Refuses connections and breaks those it has; the data stay. */
  async goAway(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async comeBack(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.goAway();
    await this.#database.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (message) => {
      if (message.length === 8 && message.readInt32BE(4) === SSL_REQUEST) socket.write('N');
      else this.#turn = this.#turn.then(() => this.#answer(socket, message));
    });
  }

  async #answer(socket: Socket, message: Uint8Array): Promise<void> {
    const answer = await this.#database.execProtocolRaw(new Uint8Array(message));
    if (answer.length > 0 && !socket.destroyed) socket.write(answer);
  }
}
