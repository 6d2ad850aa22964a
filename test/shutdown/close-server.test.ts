import { expect } from 'chai';
import { closeServer } from '../../lib/shutdown/close-server.js';
import { Connections } from '../../lib/shutdown/connections.js';
import { ManualClock } from '../support/manual-clock.js';
import { outcomeOf } from '../support/promises.js';
import { FakeServer } from './support.js';

describe('to close a server', () => {
  let clock: ManualClock;
  let server: FakeServer;
  let connections: Connections;

  beforeEach(() => {
    clock = new ManualClock();
    server = new FakeServer();
    connections = new Connections(server.asServer(), clock);
    connections.start();
  });

  const close = (limitMs = 10_000): Promise<number> =>
    closeServer({ server: server.asServer(), connections, clock }, clock.now() + limitMs);

  it('takes no time when nothing is connected', async () => {
    expect(await close()).to.equal(0);
    expect(server.listening).to.equal(false);
  });

  it('waits for the last request', async () => {
    const socket = server.connect();
    server.ask(socket);
    const closed = close();
    await clock.advance(5_000);
    expect(await outcomeOf(closed)).to.equal('pending');
    socket.destroy();
    expect(await closed).to.equal(0);
    expect(server.calls).not.to.include('closeAllConnections');
  });

  it('destroys what is open at the end of its time, and says what was lost', async () => {
    const socket = server.connect();
    server.ask(socket);
    const closed = close();
    await clock.advance(9_999);
    expect(socket.isDestroyed).to.equal(false);
    await clock.advance(1);
    expect(await closed).to.equal(1);
    expect(socket.isDestroyed).to.equal(true);
  });

  it('waits as well when the server is already closed', async () => {
    const socket = server.connect();
    server.ask(socket);
    server.close(() => {});
    const closed = close();
    await clock.advance(500);
    expect(await outcomeOf(closed)).to.equal('pending');
    socket.destroy();
    await clock.advance(100);
    expect(await closed).to.equal(0);
  });

  it('takes no time on a server that never listened', async () => {
    server.listening = false;
    expect(await close()).to.equal(0);
  });
});
