import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { SocketMeter, withMeter } from '../../../lib/redis/connection/socket-meter.js';

describe('the meter of a socket', () => {
  let server: Server;
  let port: number;
  let peer: Socket;
  const sockets: Socket[] = [];

  before(async () => {
    server = createServer((socket) => {
      peer = socket;
      sockets.push(socket);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    const accepted = once(server, 'connection');
    await once(socket, 'connect');
    await accepted;
    return socket;
  };

  const metered = async (): Promise<{ meter: SocketMeter; socket: Socket }> => {
    const meter = new SocketMeter();
    return { meter, socket: await withMeter(meter, open) };
  };

  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  const receive = async (socket: Socket, bytes: number): Promise<void> => {
    const until = socket.bytesRead + bytes;
    peer.write(Buffer.alloc(bytes));
    socket.resume();
    while (socket.bytesRead < until) await new Promise((resolve) => setImmediate(resolve));
  };

  it('sees how much has arrived since the last reply, and since it was asked', async () => {
    const { meter, socket } = await metered();
    meter.replied();
    expect(meter.hasMoved()).to.equal(false);
    await receive(socket, 50_000);
    expect(meter.hasMoved()).to.equal(false);
    await receive(socket, 100_000);
    expect(meter.hasMoved()).to.equal(true);
    expect(meter.hasMoved()).to.equal(false);
    expect(meter.arrived()).to.equal(150_000);
    await receive(socket, 100_000);
    expect(meter.arrived()).to.equal(250_000);
    meter.replied();
    expect(meter.hasMoved()).to.equal(false);
    expect(meter.arrived()).to.equal(0);
    socket.write(Buffer.alloc(50_000));
    expect(meter.arrived()).to.equal(0);
  });

  it('sees what the system takes of a large write, not what waits for it', async () => {
    const { meter, socket } = await metered();
    peer.pause();
    meter.replied();
    socket.write(Buffer.alloc(64 * 1_024 * 1_024));
    for (let still = 0; still < 3; ) {
      await pause();
      still = meter.hasMoved() ? 0 : still + 1;
    }
    peer.resume();
    for (let polls = 0; !meter.hasMoved(); polls++) {
      expect(polls).to.be.below(100);
      await pause();
    }
  });

  it('does not take another connection that is made at the same time', async () => {
    const meter = new SocketMeter();

    const attempt = withMeter(meter, async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      throw new Error('refused');
    }).catch(() => {});
    const other = await open();
    await attempt;
    await receive(other, 200_000);
    expect(meter.hasMoved()).to.equal(false);
  });
});
