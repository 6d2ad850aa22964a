import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { FaultProxy } from './fault-proxy.js';
import { ProxyBench } from './proxy-bench.js';
import { resetSocket } from './proxy-link.js';
import { RawClient } from './raw-client.js';
import { RedisServer } from './redis-server.js';
import { handles, until } from './wait.js';

describe('support: FaultProxy', () => {
  const bench = new ProxyBench();
  before(() => bench.open());
  beforeEach(() => bench.reset());
  afterEach(() => bench.clear());
  after(() => bench.close());

  async function refusal(): Promise<string | undefined> {
    try {
      (await RawClient.connect(bench.proxy.port)).close();
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  }

  it('passes everything on, and counts connections', async () => {
    const [one, two] = [await bench.connect(), await bench.connect()];
    const large = 'x'.repeat(2_000_000);
    expect(await one.ask('SET', 'a', large)).to.equal('OK');
    expect(await two.ask('GET', 'a')).to.equal(large);
    expect([bench.proxy.accepted, bench.proxy.connections]).to.deep.equal([2, 2]);
    one.close();
    await until(() => bench.proxy.connections === 1, 'one connection is left');
    expect(bench.proxy.accepted).to.equal(2);
    expect(bench.proxy.url).to.equal(`redis://127.0.0.1:${bench.proxy.port}`);
  });

  it('tells each side that the other has gone', async () => {
    const server = await RedisServer.start();
    const other = await FaultProxy.start(server.port);
    const client = await RawClient.connect(other.port);
    expect(await client.ask('CLIENT', 'SETNAME', 'through')).to.equal('OK');
    const isKnown = async (): Promise<boolean> =>
      String(await server.command('CLIENT', 'LIST')).includes('name=through');
    expect(await isKnown()).to.equal(true);
    client.close();
    await until(async () => !(await isKnown()), 'Redis knows that the client has gone');
    const second = await RawClient.connect(other.port);
    expect(await second.ask('PING')).to.equal('PONG');
    await server.kill();
    await until(() => second.isClosed, 'the client knows that Redis has gone');
    const third = await RawClient.connect(other.port);
    await until(() => third.isClosed, 'a client that comes then is sent away');
    await other.close();
    await server.stop();
  });

  it('loses connections: they say nothing ever again and stay open, new ones work', async () => {
    const lost = await bench.connect();
    bench.proxy.lose();
    lost.send('SET', 'a', '1');
    const told = lost.next().catch(() => 'closed');
    expect(await bench.byNow(told)).to.equal('nothing');
    const fresh = await bench.connect();
    await bench.redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => fresh.isClosed, 'the other connection is closed');
    await bench.proxy.pass();
    expect(await bench.byNow(told)).to.equal('nothing');
    expect(lost.isClosed).to.equal(false);
    expect(await bench.redis.command('EXISTS', 'a')).to.equal(0);
    lost.close();
    await until(() => bench.proxy.connections === 0, 'nothing is left');
  });

  it('refuses: closes what is open and its port, and opens the same port again', async () => {
    const client = await bench.connect();
    await bench.proxy.refuse();
    await until(() => client.isClosed, 'the connection is closed');
    expect(await refusal()).to.equal('ECONNREFUSED');
    expect(bench.proxy.connections).to.equal(0);
    await bench.proxy.refuse();
    await bench.proxy.pass();
    await bench.connect();
  });

  it('leaves refusal for any other mode, also at once', async () => {
    void bench.proxy.refuse();
    void bench.proxy.pass();
    void bench.proxy.refuse();
    await bench.proxy.say('-ERR no\r\n');
    expect(await (await bench.dial()).next()).to.equal('ERR no');
    await bench.proxy.refuse();
    await bench.proxy.blackhole();
    const client = await bench.dial();
    client.send('PING');
    await bench.proxy.pass();
    expect(await client.next()).to.equal('PONG');
  });

  it('resets the connections there are', async () => {
    const client = await bench.connect();
    bench.proxy.reset();
    await until(() => client.isClosed, 'the connection is closed');
    expect(client.error).to.equal('ECONNRESET');
    await bench.connect();
  });

  it('resets what is ending already without keeping the process', async () => {
    const before = handles().length;
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.end();
    resetSocket(socket);
    peer.destroy();
    server.close();
    await until(() => handles().length <= before, 'nothing is left');
  });

  it('is slow: each reply comes later, in order also when the delay ends', async () => {
    const client = await bench.connect();
    bench.proxy.slow(60);
    const startedAt = performance.now();
    client.send('ECHO', '1');
    const first = client.next();
    expect(await bench.byNow(first)).to.equal('nothing');
    client.send('ECHO', '2');
    bench.proxy.slow(0);
    client.send('ECHO', '3');
    expect([await first, await client.next(), await client.next()]).to.deep.equal(['1', '2', '3']);
    expect(performance.now() - startedAt).to.be.at.least(60);
    const askedAt = performance.now();
    for (let i = 0; i < 5; i++) await client.ask('PING');
    expect(performance.now() - askedAt).to.be.below(5 * 60);
  });

  it('drops whole replies, so that the later ones are shifted', async () => {
    const client = await bench.connect();
    await bench.redis.command('RPUSH', 'list', 'a', 'b\r\n+c', '');
    bench.proxy.dropReplies(2);
    client.send('LRANGE', 'list', '0', '-1');
    client.send('ECHO', 'x'.repeat(500_000));
    for (const text of ['1', '2']) client.send('ECHO', text);
    expect([await client.next(), await client.next()]).to.deep.equal(['1', '2']);
    bench.proxy.dropReplies(1);
    await bench.proxy.pass();
    expect(await client.ask('ECHO', '3'), 'a repaired network drops nothing').to.equal('3');
  });

  it('puts junk into the streams there are', async () => {
    const [one, two] = [await bench.connect(), await bench.connect()];
    bench.proxy.garbage('+junk\r\n');
    expect([await one.next(), await two.next()]).to.deep.equal(['junk', 'junk']);
    expect(await one.ask('PING')).to.equal('PONG');
    bench.proxy.garbage();
    await until(() => one.isClosed && two.isClosed, 'the clients give up');
  });

  it('is a server that is not Redis, which cuts off who was there', async () => {
    const client = await bench.connect();
    await bench.proxy.say('+SSH-2.0\r\n');
    await until(() => client.isClosed, 'the old connection is closed');
    const guest = await bench.dial();
    expect(await guest.next()).to.equal('SSH-2.0');
    expect(await guest.ask('PING')).to.equal('SSH-2.0');
    expect(bench.proxy.connections).to.equal(1);
    await bench.proxy.say('');
    await until(() => guest.isClosed, 'the server is replaced');
    const silent = await bench.dial();
    silent.send('PING');
    expect(await bench.byNow(silent.next().catch(() => 'closed'))).to.equal('nothing');
    await bench.proxy.pass();
    await until(() => silent.isClosed, 'Redis takes the port back');
    await bench.connect();
  });

  it('leaves nothing behind, whatever it was doing', async () => {
    const before = handles();
    for (const mode of ['pass', 'blackhole', 'refuse', 'say'] as const) {
      const other = await FaultProxy.start(bench.redis.port);
      const client = await RawClient.connect(other.port);
      other.slow(60_000);
      client.send('PING');
      await bench.byNow(client.next().catch(() => 'closed'));
      await other[mode]('');
      await other.close();
      client.close();
    }
    const extra = (): string[] => handles().slice(before.length);
    await until(() => extra().length === 0, 'every handle is closed');
  });
});
