import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Serves an app, and asks it over connections that stay open: for tests with hundreds of requests. */
export class WebServer {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(app: RequestListener): Promise<WebServer> {
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebServer(server);
  }

  /** Rejects when no whole answer comes. */
  ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const { port } = this.#server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, method, path, headers, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const sent = request(options, (answer) => {
        const { statusCode: status = 0, headers } = answer;
        text(answer).then((text) => resolve({ status, headers, text }), reject);
      });
      sent.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
