import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';

const SERVICE = join(__dirname, 'signalled.js');

/** A service in a process of its own, to which real signals are sent. */
class Service {
  readonly told: string[] = [];
  readonly #child: ChildProcess;
  #errors = '';
  url = '';
  /** How many were made to it. */
  connections = 0;

  constructor(traits: readonly string[]) {
    this.#child = fork(SERVICE, traits, { execArgv: [], silent: true });
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk) => {
      this.#errors += chunk;
    });
    this.#child.on('message', ({ what, port }: { what?: string; port?: number }) => {
      if (what === 'connected') {
        this.connections++;
        return;
      }
      if (what !== undefined) this.told.push(what);
      if (port !== undefined) this.url = `http://127.0.0.1:${port}`;
    });
  }

  static async start(...traits: string[]): Promise<Service> {
    const service = new Service(traits);
    await service.next(() => service.url !== '');
    if (traits.includes('unasked')) return service;
    await (await fetch(`${service.url}/health`)).text();
    return service;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Settles with the message that makes it true. */
  async next(isSo: () => boolean): Promise<void> {
    while (!isSo()) await once(this.#child, 'message');
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ended(): Promise<number | NodeJS.Signals | null> {
    const [code, signal] = await once(this.#child, 'close');
    return code ?? signal;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

describe('a process that gets a signal', function () {
  this.timeout(20_000);
  let service: Service;

  afterEach(() => service.stop());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} fails readiness first, closes in order and ends with 0`, async () => {
      service = await Service.start();
      const ended = service.ended();
      service.signal(signal);
      await service.next(() => service.told.includes('shutting_down'));
      expect((await fetch(`${service.url}/health/ready`)).status).to.equal(503);
      expect((await fetch(`${service.url}/health/live`)).status).to.equal(200);
      expect((await fetch(`${service.url}/quick`)).status).to.equal(200);
      expect(await ended).to.equal(0);
      expect(service.told).to.deep.equal(['shutting_down', 'closed', 'cache closed', 'cleaned up']);
    });
  }

  it('answers on a connection that is kept once more, and tells the client to let it go', async () => {
    service = await Service.start('slow');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (): Promise<IncomingMessage> => {
      const [res] = (await once(get(`${service.url}/quick`, { agent }), 'response')) as [
        IncomingMessage,
      ];
      res.resume();
      await once(res, 'end');
      return res;
    };
    expect((await ask()).headers.connection).to.equal('keep-alive');
    service.signal('SIGTERM');
    await service.next(() => service.told.includes('shutting_down'));
    const last = await ask();
    expect([last.statusCode, last.headers.connection]).to.deep.equal([200, 'close']);
    agent.destroy();
  });

  it('a second time ends at once with 1', async () => {
    service = await Service.start('slow');
    const ended = service.ended();
    service.signal('SIGTERM');
    await service.next(() => service.told.includes('shutting_down'));
    service.signal('SIGINT');
    expect(await ended).to.equal(1);
    expect(service.told).to.deep.equal(['shutting_down']);
  });

  it('twice at once, as by npm, takes it for one signal', async () => {
    service = await Service.start();
    const ended = service.ended();
    service.signal('SIGINT');
    await service.next(() => service.told.includes('shutting_down'));
    service.signal('SIGINT');
    expect(await ended).to.equal(0);
    expect(service.told).to.include('cleaned up');
  });

  it('the same way once more, half a second later, ends at once with 1', async () => {
    service = await Service.start('slow');
    const ended = service.ended();
    service.signal('SIGINT');
    await service.next(() => service.told.includes('shutting_down'));
    await new Promise((resolve) => setTimeout(resolve, 600));
    service.signal('SIGINT');
    expect(await ended).to.equal(1);
    expect(service.told).not.to.include('cleaned up');
  });

  it('while a request is stuck cuts it off, cleans up all the same, and ends with 1', async () => {
    service = await Service.start('short');
    const stuck = fetch(`${service.url}/stuck`).catch((error: Error) => error);
    await service.next(() => service.told.includes('asked'));
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(1);
    expect(await stuck).to.be.instanceOf(Error);
    expect(service.told.slice(-2)).to.deep.equal(['cache closed', 'cleaned up']);
    expect(service.errors).to.include('the shutdown cut off 1 unanswered request\n');
  });

  it('cleans up also when the cache cannot be closed, says so without secrets, and ends with 1', async () => {
    service = await Service.start('cache-fails');
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(1);
    expect(service.told.slice(-2)).to.deep.equal(['cache closed', 'cleaned up']);
    expect(service.errors).to.match(/the shutdown failed: redis:\/\/\*\*\*@cache is stuck/);
  });

  for (const [trait, message] of [
    ['cache-hangs', 'the shutdown failed: the cache did not close in time'],
    ['health-fails', 'the shutdown failed: no'],
  ] as const) {
    it(`cleans up also when the ${trait.replace('-', ' ')}, says so, and ends with 1`, async () => {
      service = await Service.start('short', trait);
      const ended = service.ended();
      service.signal('SIGTERM');
      expect(await ended).to.equal(1);
      expect(service.told.slice(-2)).to.deep.equal(['cache closed', 'cleaned up']);
      expect(service.errors).to.include(message);
    });
  }

  it('ends with 1 when the clean-up takes longer than the timeout', async () => {
    service = await Service.start('short', 'clean-up-hangs');
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(1);
    expect(service.told).to.include('cleaned up');
  });

  describe('with a connection that does not end by itself', () => {
    const CRLF = '\r\n';
    const HOST = `Host: a.example${CRLF}`;
    const cases: readonly (readonly [
      what: string,
      sent: string,
      isAsked: boolean,
      code: number,
    ])[] = [
      ['an event stream that speaks', `GET /events HTTP/1.1${CRLF}${HOST}${CRLF}`, true, 0],
      [
        'an upgraded connection that speaks',
        `GET / HTTP/1.1${CRLF}${HOST}Connection: Upgrade${CRLF}Upgrade: echo${CRLF}${CRLF}`,
        true,
        0,
      ],
      ['no request', '', false, 0],
      ['half a request', `GET /quick HTTP/1.1${CRLF}Ho`, false, 0],
      [
        'a request whose body does not come',
        `POST /upload HTTP/1.1${CRLF}${HOST}Content-Length: 10${CRLF}${CRLF}abc`,
        true,
        1,
      ],
      ['an answer that is not finished', `GET /download HTTP/1.1${CRLF}${HOST}${CRLF}`, true, 1],
    ];
    for (const [what, sent, isAsked, code] of cases) {
      it(`cleans up, and ends with ${code}: ${what}`, async () => {
        service = await Service.start('short', 'upgrades');
        const { connections } = service;
        const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
        socket.on('error', () => {}).resume();
        socket.write(sent);
        await service.next(() => service.connections > connections);
        if (isAsked) await service.next(() => service.told.includes('asked'));
        const ended = service.ended();
        service.signal('SIGTERM');
        expect(await ended).to.equal(code);
        expect(service.told.slice(-3)).to.deep.equal(['closed', 'cache closed', 'cleaned up']);
        socket.destroy();
      });
    }

    it('does not wait for one that never asked anything', async () => {
      service = await Service.start();
      const { connections } = service;
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      socket.on('error', () => {}).resume();
      await service.next(() => service.connections > connections);
      const startedAt = performance.now();
      const ended = service.ended();
      service.signal('SIGTERM');
      expect(await ended).to.equal(0);
      // The drain delay is 1 s, and the time when everything is cut 3.75 s.
      expect(performance.now() - startedAt).to.be.below(3_000);
      socket.destroy();
    });

    it('waits for a request on a server that is already closed', async () => {
      service = await Service.start('closes-itself', 'short');
      const answer = fetch(`${service.url}/soon`).then((res) => res.text());
      await service.next(() => service.told.includes('asked'));
      const ended = service.ended();
      service.signal('SIGTERM');
      expect(await answer).to.equal('done');
      expect(await ended).to.equal(0);
      expect(service.told).to.include('cleaned up');
    });
  });

  it('ends without a drain delay when no client is connected, as under a watcher', async () => {
    service = await Service.start('defaults', 'unasked');
    const startedAt = performance.now();
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(0);
    expect(performance.now() - startedAt).to.be.below(2_500);
    expect(service.told).to.include('cleaned up');
  });

  it('waits for the drain delay when a client was connected a moment ago', async () => {
    service = await Service.start('unasked');
    await (await fetch(`${service.url}/quick`, { headers: { Connection: 'close' } })).text();
    const startedAt = performance.now();
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(0);
    expect(performance.now() - startedAt).to.be.above(900);
  });
});
