import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { type HealthOptions, healthRouter } from '../../../lib/index.js';
import { down, up, VERSIONS } from '../support.js';

for (const [version, newApp] of VERSIONS) {
  describe(`on the wire, with ${version}`, () => {
    let server: Server;

    afterEach(() => {
      server.close();
      server.closeAllConnections();
    });

    async function serve(options: HealthOptions): Promise<void> {
      server = newApp().use('/health', healthRouter(options)).listen(0, '127.0.0.1');
      await once(server, 'listening');
    }

    /** What comes back, to the end of the connection. */
    async function send(...lines: string[]): Promise<{ head: string; body: string }> {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.setEncoding('utf8').on('error', () => {});
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      await once(socket, 'close');
      const [head = '', body = ''] = text.split('\r\n\r\n');
      return { head, body };
    }

    it('HAProxy’s default check, without any header, gets the real status', async () => {
      await serve({ database: down });
      const { head, body } = await send('OPTIONS /health/ready HTTP/1.0');
      expect(head).to.match(/^HTTP\/1\.1 503 /);
      expect(JSON.parse(body).status).to.equal('error');
    });

    it('a whole address as the target is understood', async () => {
      await serve({ database: down });
      for (const target of ['http://a.example/health/ready', 'http://a.example:1/health?x=/y']) {
        const { head } = await send(
          `GET ${target} HTTP/1.1`,
          'Host: a.example',
          'Connection: close',
        );
        expect([target, head.slice(0, 12)]).to.deep.equal([target, 'HTTP/1.1 503']);
      }
    });

    it('a preflight’s 204 has neither length nor type', async () => {
      await serve({ database: down });
      const { head, body } = await send(
        'OPTIONS /health HTTP/1.1',
        'Host: a.example',
        'Origin: https://b.example',
        'Access-Control-Request-Method: GET',
        'Connection: close',
      );
      expect(head).to.match(/^HTTP\/1\.1 204 /);
      expect(head).not.to.match(/^content-(length|type)/im);
      expect(body).to.equal('');
    });

    it('an answer has a length, and no ETag, cookie or place to go', async () => {
      await serve({ database: up });
      const { head, body } = await send(
        'GET /health HTTP/1.1',
        'Host: a.example',
        'Connection: close',
      );
      expect(head).to.match(new RegExp(`^Content-Length: ${Buffer.byteLength(body)}$`, 'im'));
      expect(head).not.to.match(/^(etag|set-cookie|location|transfer-encoding):/im);
    });

    it('an Accept header that names a property of every object is an unknown one', async () => {
      await serve({ database: up });
      for (const accept of ['constructor', '__proto__', 'toString', 'hasOwnProperty;q=1']) {
        for (const path of ['/health', '/health/ready', '/health/live', '/health/check/database']) {
          const { head } = await send(
            `GET ${path} HTTP/1.1`,
            'Host: a.example',
            `Accept: ${accept}`,
            'Connection: close',
          );
          expect(head).to.match(/^HTTP\/1\.1 200 [\s\S]*^Content-Type: application\/json/im);
        }
      }
    });

    it('a client that goes away does no harm', async () => {
      let settle = (): void => {};
      await serve({
        database: () =>
          new Promise<void>((resolve) => {
            settle = resolve;
          }),
      });
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write('GET /health HTTP/1.1\r\nHost: a.example\r\n\r\n');
      const [, res] = await once(server, 'request');
      socket.destroy();
      await once(res, 'close');
      settle();
      expect(
        (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health`)).status,
      ).to.equal(200);
    });

    it('a response that other middleware broke ends the connection, not the process', async () => {
      const app = newApp().use((_req, res, next) => {
        res.end = () => {
          throw new Error('broken by somebody');
        };
        next();
      });
      server = app.use('/health', healthRouter({ database: up })).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { head } = await send('GET /health HTTP/1.1', 'Host: a.example');
      expect(head).to.equal('');
    });
  });
}
