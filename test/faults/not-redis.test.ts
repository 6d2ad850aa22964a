import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { CacheReason } from '../../lib/index.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { describeFault, type Stage } from './story.js';

/** Somebody else listens on the port of a Redis, until it is moved there. */
class Impostor {
  connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  /** `server` says what the impostor does. */
  readonly stage = (make: () => Server) => async (): Promise<Stage> => {
    const port = await freePort();
    const redis = await RedisServer.start({ port });
    const { url } = redis;
    return {
      url,
      truthUrl: url,
      begin: async () => {
        await redis.save();
        await redis.kill();
        await this.#listen(make(), port);
      },
      end: async () => {
        await this.#close();
        await redis.restart();
      },
      close: async () => {
        await this.#close();
        await redis.stop();
      },
    };
  };

  async #listen(server: Server, port: number): Promise<void> {
    this.#server = server;
    server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

function describeImpostor(
  title: string,
  reasons: readonly CacheReason[],
  make: () => Server,
): void {
  const impostor = new Impostor();
  describeFault({ title, reasons, stage: impostor.stage(make), isFromTheStart: true });

  describe(title, () => {
    it('gets few connections', () => {
      expect(impostor.connections).to.be.within(1, 60);
    });
  });
}

const banner = (text: string) => (): Server => createServer((socket) => void socket.write(text));

describe('faults: the server there is not Redis', () => {
  describeImpostor('an HTTP server', ['protocol_error', 'connection_lost'], () =>
    createHttpServer((_req, res) => void res.end('hello')),
  );
  describeImpostor(
    'a server that greets in HTTP',
    ['protocol_error'],
    banner('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  describeImpostor('an SSH server', ['protocol_error'], banner('SSH-2.0-OpenSSH_9.6\r\n'));
  describeImpostor('a server that says nothing', ['timeout'], () => createServer());
  describeImpostor('a server that hangs up at once', ['connection_lost'], () =>
    createServer((socket) => void socket.destroy()),
  );
  describeImpostor('a server that says yes to everything', ['protocol_error', 'timeout'], () =>
    createServer((socket) => void socket.on('data', () => socket.write('+OK\r\n'))),
  );
});
