import { expect } from 'chai';
import { ProxyBench } from './proxy-bench.js';
import { until } from './wait.js';

describe('support: FaultProxy as a black hole', () => {
  const bench = new ProxyBench();
  before(() => bench.open());
  beforeEach(() => bench.reset());
  afterEach(() => bench.clear());
  after(() => bench.close());

  it('accepts, and holds all commands until it passes, in order', async () => {
    const old = await bench.connect();
    void bench.proxy.blackhole();
    const late = await bench.dial();
    old.send('RPUSH', 'list', '1');
    old.send('RPUSH', 'list', '2');
    late.send('PING');
    const [told, toldLate] = [old.next(), late.next()];
    expect(await bench.byNow(Promise.race([told, toldLate]))).to.equal('nothing');
    expect(await bench.redis.command('EXISTS', 'list')).to.equal(0);
    await bench.proxy.pass();
    expect([await told, await old.next(), await toldLate]).to.deep.equal([1, 2, 'PONG']);
    expect(await bench.redis.command('LRANGE', 'list', '0', '-1')).to.deep.equal(['1', '2']);
  });

  it('holds replies too', async () => {
    const client = await bench.connect();
    client.send('BLPOP', 'queue', '0');
    const isBlocked = async (): Promise<boolean> =>
      String(await bench.redis.command('INFO', 'clients')).includes('blocked_clients:1');
    await until(isBlocked, 'Redis has the command');
    void bench.proxy.blackhole();
    await bench.redis.command('RPUSH', 'queue', 'x');
    const told = client.next();
    expect(await bench.byNow(told)).to.equal('nothing');
    await bench.proxy.pass();
    expect(await told).to.deep.equal(['queue', 'x']);
  });

  it('delivers what a client had sent before it left', async () => {
    const client = await bench.connect();
    void bench.proxy.blackhole();
    client.send('SET', 'ghost', '1');
    expect(await bench.byNow(client.next().catch(() => 'gone'))).to.equal('nothing');
    client.close();
    await until(() => bench.proxy.connections === 0, 'the client has gone');
    expect(await bench.redis.command('EXISTS', 'ghost')).to.equal(0);
    await bench.proxy.pass();
    await until(
      async () => (await bench.redis.command('EXISTS', 'ghost')) === 1,
      'the write arrives',
    );
  });

  it('keeps the end of the server to itself', async () => {
    const client = await bench.connect();
    void bench.proxy.blackhole();
    await bench.redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const closed = until(() => client.isClosed, 'the client is closed');
    expect(await bench.byNow(closed)).to.equal('nothing');
    await bench.proxy.pass();
    await closed;
  });

  it('loses what a black hole had held', async () => {
    const client = await bench.connect();
    void bench.proxy.blackhole();
    client.send('SET', 'a', '1');
    await bench.byNow(client.next().catch(() => 'closed'));
    bench.proxy.lose();
    await bench.proxy.pass();
    const fresh = await bench.connect();
    expect(await fresh.ask('EXISTS', 'a')).to.equal(0);
  });
});
