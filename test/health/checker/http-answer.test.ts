import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { CheckRunner } from '../../../lib/health/checker/check-runner.js';
import { classifyValue } from '../../../lib/health/checker/classify.js';
import { httpStatusOf, release } from '../../../lib/health/checker/http-answer.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('an answer of HTTP that a check returns', () => {
  it('has a status under either name, of three digits', () => {
    expect(httpStatusOf({ status: 200 })).to.equal(200);
    expect(httpStatusOf({ statusCode: 404 })).to.equal(404);
    for (const status of [7, 99, 600, '200', undefined]) {
      expect(httpStatusOf({ status }), String(status)).to.equal(undefined);
    }
  });

  it('gives its body back, once its status is known', async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    expect(classifyValue('x', new Response(body)).status).to.equal('up');
    expect(isCancelled).to.equal(true);
  });

  it('gives it back in a list, when settled with others, and when it comes too late', async () => {
    const cancelled: string[] = [];
    const answer = (name: string): Response =>
      new Response(new ReadableStream({ cancel: () => void cancelled.push(name) }));
    classifyValue('x', [answer('a'), { status: 'fulfilled', value: answer('b') }]);
    const clock = new ManualClock();
    let settle = (_: Response): void => {};
    const check = (): Promise<Response> => new Promise((resolve) => (settle = resolve));
    const config = { name: 'x', check, critical: true, timeoutMs: 100 };
    const runner = new CheckRunner(config, { clock, maxAgeMs: 0, onVerdict() {} });
    const verdict = runner.verdict();
    await clock.advance(100);
    expect((await verdict).code).to.equal('timeout');
    settle(answer('late'));
    await clock.advance(0);
    expect(cancelled).to.deep.equal(['a', 'b', 'late']);
  });

  it('is left alone when its body was read, is being read, or is none', async () => {
    const read = new Response('x');
    await read.text();
    const reading = new Response('x');
    reading.body?.getReader();
    for (const answer of [read, reading, new Response(null), { status: 200, body: 'x' }]) {
      expect(classifyValue('x', answer).status).to.equal('up');
    }
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('ends a stream of Node that is its body, without a word of the stream', async () => {
    const body = new Readable({
      read() {},
      destroy(_error, done) {
        done(new Error('aborted'));
      },
    });
    release({ statusCode: 200, body });
    await new Promise((resolve) => body.once('close', resolve));
    expect(body.destroyed).to.equal(true);
  });

  it('does no harm when its body cannot be cancelled', () => {
    const body = {
      cancel(): void {
        throw new Error('no');
      },
    };
    expect(() => release({ status: 200, body })).not.to.throw();
  });

  describe('over a real connection', () => {
    let server: Server;
    let open = 0;

    before(async () => {
      server = createServer((_req, res) => res.end('x'.repeat(200_000))).listen(0, '127.0.0.1');
      server.on('connection', (socket) => {
        open++;
        socket.on('close', () => open--);
      });
      await once(server, 'listening');
    });

    after(() => {
      server.close();
      server.closeAllConnections();
    });

    const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clients: Readonly<Record<string, () => Promise<unknown>>> = {
      fetch: () => fetch(url()),
      'node:http': async () => (await once(get(url()), 'response'))[0] as IncomingMessage,
    };
    for (const [name, ask] of Object.entries(clients)) {
      it(`leaves no more than a few open after 60 runs with ${name} and 200 kB`, async () => {
        for (let i = 0; i < 60; i++) {
          expect(classifyValue('x', await ask()).status).to.equal('up');
        }
        for (let i = 0; i < 50 && open > 5; i++) await new Promise((done) => setTimeout(done, 20));
        // A pool keeps a few that have ended well.
        expect(open).to.be.at.most(5);
      });
    }
  });
});
