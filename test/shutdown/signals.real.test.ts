import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';

const SERVICE = join(__dirname, 'signalled.js');

/** A service in a process of its own, to which real signals are sent. */
class Service {
  readonly told: string[] = [];
  readonly #child: ChildProcess;
  #errors = '';
  url = '';

  constructor(traits: readonly string[]) {
    this.#child = fork(SERVICE, traits, { execArgv: [], silent: true });
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk) => {
      this.#errors += chunk;
    });
    this.#child.on('message', ({ what, port }: { what?: string; port?: number }) => {
      if (what !== undefined) this.told.push(what);
      if (port !== undefined) this.url = `http://127.0.0.1:${port}`;
    });
  }

  static async start(...traits: string[]): Promise<Service> {
    const service = new Service(traits);
    await service.next(() => service.url !== '');
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

describe('a process that is told to end', function () {
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

  it('while a request is stuck ends after the timeout with 1', async () => {
    service = await Service.start('short');
    const stuck = fetch(`${service.url}/stuck`).catch((error: Error) => error);
    await service.next(() => service.told.includes('asked'));
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(1);
    expect(await stuck).to.be.instanceOf(Error);
    expect(service.told).not.to.include('cleaned up');
  });

  it('cleans up also when the cache cannot be closed, says so without secrets, and ends with 1', async () => {
    service = await Service.start('cache-fails');
    const ended = service.ended();
    service.signal('SIGTERM');
    expect(await ended).to.equal(1);
    expect(service.told.slice(-2)).to.deep.equal(['cache closed', 'cleaned up']);
    expect(service.errors).to.match(/the shutdown failed: redis:\/\/\*\*\*@cache is stuck/);
  });
});
