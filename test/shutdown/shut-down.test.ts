import { expect } from 'chai';
import { Connections } from '../../lib/shutdown/connections.js';
import { shutDown } from '../../lib/shutdown/shut-down.js';
import type { ShutdownConfig } from '../../lib/shutdown/shutdown-options.js';
import { ManualClock } from '../support/manual-clock.js';
import { outcomeOf } from '../support/promises.js';
import { FakeServer } from './support.js';

describe('the steps of a shutdown', () => {
  let clock: ManualClock;
  let server: FakeServer;
  let connections: Connections;
  let steps: string[];

  beforeEach(() => {
    clock = new ManualClock();
    server = new FakeServer();
    connections = new Connections(server.asServer(), clock);
    connections.start();
    steps = [];
  });

  function begin(given: Partial<ShutdownConfig> = {}, isBySignal = true): Promise<number> {
    const config: ShutdownConfig = {
      drainDelayMs: 5_000,
      timeoutMs: 25_000,
      signals: [],
      beginShutdown: () => steps.push('begin'),
      closeCache: () => steps.push('cache'),
      onSignal: () => steps.push('clean-up'),
      ...given,
    };
    const closing = { server: server.asServer(), connections, clock };
    return shutDown(closing, config, { isBySignal });
  }
  const fail = (what: string) => (): never => {
    throw new Error(what);
  };

  it('begin in the call itself, and follow one another', async () => {
    const ended = begin();
    expect(steps).to.deep.equal(['begin']);
    expect(await ended).to.equal(0);
    expect(steps).to.deep.equal(['begin', 'cache', 'clean-up']);
  });

  it('include the drain delay while a client is connected', async () => {
    const socket = server.connect();
    const ended = begin();
    await clock.advance(4_999);
    expect(server.calls).not.to.include('close');
    await clock.advance(1);
    expect(server.calls).to.include('close');
    socket.destroy();
    await ended;
  });

  it('include it in any case when the application asks for the shutdown', async () => {
    const ended = begin({}, false);
    await clock.advance(4_999);
    expect(await outcomeOf(ended)).to.equal('pending');
    await clock.advance(1);
    await ended;
  });

  it('leave the last fifth of 25 s to the clean-up', async () => {
    server.ask(server.connect());
    const ended = begin();
    await clock.advance(19_999);
    expect(steps).not.to.include('clean-up');
    await clock.advance(200);
    expect(await ended).to.equal(1);
    expect(steps).to.include('clean-up');
  });

  it('leave the last quarter of a short time to it', async () => {
    server.ask(server.connect());
    const ended = begin({ timeoutMs: 1_000, drainDelayMs: 100 });
    await clock.advance(749);
    expect(steps).not.to.include('clean-up');
    await clock.advance(200);
    await ended;
    expect(steps).to.include('clean-up');
  });

  it('drain for the whole drainDelay, also when that leaves less', async () => {
    server.connect();
    const ended = begin({ timeoutMs: 1_000, drainDelayMs: 950 });
    await clock.advance(949);
    expect(server.calls).not.to.include('close');
    await clock.advance(200);
    await ended;
    expect(steps).to.include('clean-up');
  });

  for (const step of ['beginShutdown', 'closeCache'] as const) {
    it(`go on when ${step} throws, and reject at last`, async () => {
      const error = await begin({ [step]: fail(step) }).catch((reason: Error) => reason);
      expect((error as Error).message).to.equal(step);
      expect(steps).to.include('clean-up');
    });
  }

  it('go on when the cache does not close, and say so', async () => {
    const ended = begin({ closeCache: () => new Promise(() => {}) });
    const error = ended.catch((reason: Error) => reason);
    await clock.advance(12_500);
    expect(((await error) as Error).message).to.equal('the cache did not close in time');
    expect(steps).to.include('clean-up');
  });

  it('leave no timer behind', async () => {
    await begin();
    expect(clock.pending).to.equal(0);
  });

  it('tell each client that its connection ends', async () => {
    const socket = server.connect();
    const ended = begin();
    expect(server.ask(socket).getHeader('connection')).to.equal('close');
    await clock.advance(5_000);
    socket.destroy();
    await ended;
  });
});
