import { expect } from 'chai';
import { Connections } from '../../lib/shutdown/connections.js';
import { ManualClock } from '../support/manual-clock.js';
import { FakeServer, FakeSocket } from './support.js';

describe('the connections of a server', () => {
  let clock: ManualClock;
  let server: FakeServer;
  let connections: Connections;

  beforeEach(() => {
    clock = new ManualClock();
    server = new FakeServer();
    connections = new Connections(server.asServer(), clock);
    connections.start();
  });

  it('are known until they close', () => {
    expect(connections.isEmpty).to.equal(true);
    const socket = server.connect();
    expect(connections.isEmpty).to.equal(false);
    socket.destroy();
    expect(connections.isEmpty).to.equal(true);
  });

  it('are absent when there never was one', async () => {
    expect(await connections.wereAbsentFor(5_000)).to.equal(true);
  });

  it('are not absent while one is open, however long', async () => {
    server.connect();
    await clock.advance(60_000);
    expect(await connections.wereAbsentFor(5_000)).to.equal(false);
  });

  it('are absent only some time after the last has closed', async () => {
    server.connect().destroy();
    await clock.advance(4_999);
    expect(await connections.wereAbsentFor(5_000)).to.equal(false);
    await clock.advance(1);
    expect(await connections.wereAbsentFor(5_000)).to.equal(true);
  });

  it('are not absent when one was made before we watched', async () => {
    server.sockets.add(new FakeSocket());
    expect(await connections.wereAbsentFor(5_000)).to.equal(false);
  });

  it('are closed when nothing was asked and nothing moved for a second', async () => {
    const silent = server.connect();
    const slow = server.connect();
    const asking = server.connect();
    server.ask(asking);
    connections.look();
    await clock.advance(900);
    slow.bytesRead = 10;
    connections.closeIdle();
    await clock.advance(100);
    connections.closeIdle();
    expect([silent, slow, asking].map(({ isDestroyed }) => isDestroyed)).to.deep.equal([
      true,
      false,
      false,
    ]);
    await clock.advance(1_000);
    connections.closeIdle();
    expect([slow, asking].map(({ isDestroyed }) => isDestroyed)).to.deep.equal([true, false]);
    expect(server.calls).to.include('closeIdleConnections');
  });

  it('stay when they were upgraded, however quiet, until all are destroyed', async () => {
    server.on('upgrade', () => {});
    const socket = server.connect();
    server.emit('upgrade', { socket }, socket, Buffer.alloc(0));
    await clock.advance(60_000);
    connections.closeIdle();
    expect(socket.isDestroyed).to.equal(false);
    expect(connections.destroyAll()).to.equal(0);
    expect(socket.isDestroyed).to.equal(true);
  });

  it('listen to upgrades only beside others: Node would think that they are handled', () => {
    server.connect();
    expect(server.listenerCount('upgrade')).to.equal(0);
    const listener = (): void => {};
    server.on('upgrade', listener);
    server.connect();
    server.connect();
    expect(server.listenerCount('upgrade')).to.equal(2);
    server.off('upgrade', listener);
    expect(server.listenerCount('upgrade')).to.equal(0);
  });

  it('are all destroyed at last, and the requests without an answer are counted', async () => {
    const sockets = [server.connect(), server.connect(), server.connect()];
    const [asking, answered] = sockets as [FakeSocket, FakeSocket];
    server.ask(asking);
    server.ask(asking);
    server.ask(answered).emit('close');
    await clock.advance(5_000);
    expect(connections.destroyAll()).to.equal(2);
    expect(sockets.every(({ isDestroyed }) => isDestroyed)).to.equal(true);
    expect(server.calls).to.include('closeAllConnections');
  });

  it('count a stream that spoke a moment ago as lost, and one that was quiet not', async () => {
    const speaking = server.connect();
    const quiet = server.connect();
    for (const socket of [speaking, quiet]) {
      const res = server.ask(socket);
      Object.defineProperties(res, { headersSent: { value: true }, writableLength: { value: 0 } });
    }
    await clock.advance(2_000);
    speaking.bytesWritten = 10;
    expect(connections.destroyAll()).to.equal(1);
  });

  it('of TLS carry requests after their handshake, and are destroyed before it too', async () => {
    const tls = Object.assign(new FakeServer(), { setSecureContext() {} });
    const known = new Connections(tls.asServer(), clock);
    known.start();
    const raw = tls.connect();
    const secure = new FakeSocket();
    tls.emit('secureConnection', secure);
    await clock.advance(1_000);
    secure.bytesRead = 10;
    known.closeIdle();
    // The raw socket carries the other: its own silence means nothing.
    expect([raw.isDestroyed, secure.isDestroyed]).to.deep.equal([false, false]);
    known.destroyAll();
    expect([raw.isDestroyed, secure.isDestroyed]).to.deep.equal([true, true]);
  });
});
