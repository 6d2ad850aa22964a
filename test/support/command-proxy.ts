import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.js';
import { encodeCommand, RespReader } from './resp.js';

/** Stands before a Redis, counts commands, and sees to it that some are unknown there. */
export class CommandProxy {
  readonly port: number;
  readonly refused = new Set<string>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Commands since the start. */
  count = 0;

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }

  static async start(targetPort: number): Promise<CommandProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new CommandProxy(await freePort(), server);
    server.on('connection', (client) => proxy.#serve(client, targetPort));
    await new Promise<void>((resolve) => server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Ends the connections there are. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: Socket, targetPort: number): void {
    const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    server.on('data', (bytes) => client.write(bytes));
    new RespReader(client).listen((command) => server.write(this.#pass(command as string[])));
  }

  /** Redis itself says that it does not know the command, in the right place among its replies. */
  #pass([name = '', ...args]: readonly string[]): string {
    this.count++;
    const isRefused = this.refused.has(name.toUpperCase());
    return encodeCommand([isRefused ? `no-${name}` : name, ...args]);
  }
}
