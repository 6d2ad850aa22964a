import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { RawClient } from './raw-client.js';
import { freePort, RedisServer, type RedisServerOptions } from './redis-server.js';
import { until } from './wait.js';

async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('support: RedisServer', () => {
  const servers: RedisServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  async function start(options?: RedisServerOptions): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    servers.push(server);
    return server;
  }

  async function folderOf(server: RedisServer): Promise<string> {
    const [, dir] = (await server.command('CONFIG', 'GET', 'dir')) as string[];
    return dir as string;
  }

  it('is a real Redis of its own, on the loopback interface, that keeps nothing', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.port).to.not.equal(two.port);
    expect(one.url).to.equal(`redis://127.0.0.1:${one.port}`);
    expect(isAlive(one.pid)).to.equal(true);
    expect(await one.command('CONFIG', 'GET', 'bind')).to.deep.equal(['bind', '127.0.0.1']);
    expect(await one.command('CONFIG', 'GET', 'save')).to.deep.equal(['save', '']);
    expect(await one.command('CONFIG', 'GET', 'appendonly')).to.deep.equal(['appendonly', 'no']);
    expect(await folderOf(one)).to.not.equal(await folderOf(two));
  });

  it('gives replies as values, and errors as rejections', async () => {
    const server = await start();
    expect(await server.command('SET', 'ä', 'ö\r\n')).to.equal('OK');
    expect(await server.command('GET', 'ä')).to.equal('ö\r\n');
    expect(await server.command('GET', 'none')).to.equal(null);
    expect(await server.command('INCRBY', 'n', '42')).to.equal(42);
    expect(await server.command('SET', 'empty', '')).to.equal('OK');
    expect(await server.command('MGET', 'ä', 'none', 'empty')).to.deep.equal(['ö\r\n', null, '']);
    expect(await server.command('EVAL', 'return {1, {"a", {}}}', '0')).to.deep.equal([
      1,
      ['a', []],
    ]);
    const large = 'x'.repeat(1_000_000);
    expect(await server.command('ECHO', large)).to.equal(large);
    const error = await rejectionOf(server.command('INCR', 'ä'));
    expect(error.message).to.match(/^ERR value is not an integer/);
  });

  it('wants its password, which the URL has', async () => {
    const server = await start({ password: 'p@ss/w:rd' });
    expect(server.url).to.equal(`redis://:p%40ss%2Fw%3Ard@127.0.0.1:${server.port}`);
    expect(await server.command('PING')).to.equal('PONG');
    const stranger = await RawClient.connect(server.port);
    expect(await stranger.ask('PING')).to.match(/^NOAUTH/);
    stranger.close();
  });

  it('takes further arguments, and a folder, which it leaves there', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'given-'));
    const server = await start({ dir, args: ['--maxmemory', '5mb'] });
    expect(await server.command('CONFIG', 'GET', 'maxmemory')).to.include('5242880');
    await server.save();
    await server.stop();
    expect(readdirSync(dir)).to.include('dump.rdb');
    rmSync(dir, { recursive: true });
  });

  it('says what Redis says when it does not start', async () => {
    const error = await rejectionOf(RedisServer.start({ args: ['--no-such-option', 'x'] }));
    expect(error.message).to.match(/redis-server ended at once:[\s\S]*no-such-option/);
  });

  describe('on a port that is taken', () => {
    let other: Server;
    before((done) => {
      other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1', done);
    });
    after((done) => {
      other.close(done);
    });

    it('says so, when it must be that port', async () => {
      const { port } = other.address() as { port: number };
      const error = await rejectionOf(RedisServer.start({ port }));
      expect(error.message).to.equal(`redis-server ended at once: port ${port} is taken`);
    });

    it('is not mistaken for a Redis that answers there', async () => {
      const { port } = await start();
      const error = await rejectionOf(RedisServer.start({ port }));
      expect(error.message).to.contain(`port ${port} is taken`);
    });
  });

  it('gives free ports that no outgoing connection is ever given', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort));
    expect(ports.every((port) => port >= 10_000 && port < 32_000)).to.equal(true);
    expect(new Set(ports).size).to.be.above(15);
  });

  it('is gone when it is killed, and its clients with it', async () => {
    const server = await start();
    const client = await RawClient.connect(server.port);
    const { pid } = server;
    await server.kill();
    expect(isAlive(pid)).to.equal(false);
    expect((await rejectionOf(RawClient.connect(server.port))).code).to.equal('ECONNREFUSED');
    expect(() => server.pid).to.throw('the redis-server is not running');
    await until(() => client.isClosed, 'the client is cut off');
    await server.kill();
  });

  it('may have ended by itself', async () => {
    const server = await start();
    await rejectionOf(server.command('SHUTDOWN', 'NOSAVE'));
    await server.kill();
    await server.restart();
    expect(await server.command('PING')).to.equal('PONG');
  });

  it('restarts on its port without what it had not saved', async () => {
    const server = await start();
    const { pid, port } = server;
    await server.command('SET', 'a', '1');
    await server.restart();
    expect(server.port).to.equal(port);
    expect(server.pid).to.not.equal(pid);
    expect(await server.command('DBSIZE')).to.equal(0);
  });

  it('restarts with what it had saved, and not when it is to be empty', async () => {
    const server = await start();
    await server.command('SET', 'a', '1');
    await server.save();
    await server.command('SET', 'b', '2');
    await server.restart();
    expect(await server.command('KEYS', '*')).to.deep.equal(['a']);
    await server.restart({ empty: true });
    expect(await server.command('KEYS', '*')).to.deep.equal([]);
  });

  it('hangs: it takes connections and commands and answers none, until it is thawed', async () => {
    const server = await start();
    server.hang();
    const client = await RawClient.connect(server.port);
    client.send('SET', 'a', '1');
    const state = await processState(server.pid);
    expect(state).to.match(/^T/);
    server.thaw();
    expect(await client.next()).to.equal('OK');
    client.close();
  });

  it('never executes what it received while it hung, when it is killed then', async () => {
    const server = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    await server.command('SET', 'before', '1');
    const client = await RawClient.connect(server.port);
    server.hang();
    client.send('SET', 'meanwhile', '1');
    await server.kill();
    await server.restart();
    expect(await server.command('KEYS', '*')).to.deep.equal(['before']);
    await server.restart({ empty: true });
    expect(await server.command('DBSIZE')).to.equal(0);
  });

  it('has loaded its data when it is up again', async () => {
    const slow = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'];
    const server = await start({ args: slow });
    await server.command('DEBUG', 'POPULATE', '2000', 'filler', '100');
    await server.save();
    await server.restart();
    expect(await server.command('DBSIZE')).to.equal(2_000);
  });

  it('shows every command, and none after the monitor was stopped', async () => {
    const server = await start({ password: 'secret' });
    const monitor = await server.monitor();
    for (let i = 0; i < 20; i++) await server.command('SET', `k${i}`, '1');
    await monitor.stop();
    await server.command('GET', 'later');
    const sets = monitor.lines.filter((line) => line.includes('"SET"'));
    expect(sets).to.have.lengthOf(20);
    expect(sets.at(-1)).to.match(/^\d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "k19" "1"$/);
    expect(monitor.lines.join()).to.not.match(/later|end-of-monitor/);
  });

  it('lets a monitor stop when the server has gone', async () => {
    const server = await start();
    const monitor = await server.monitor();
    await server.kill();
    await monitor.stop();
  });

  it('stops in any state, and leaves no folder', async () => {
    const server = await start();
    const dir = await folderOf(server);
    const { pid } = server;
    server.hang();
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).to.equal(false);
    expect(existsSync(dir)).to.equal(false);
  });

  it('does not outlive the process that started it', async () => {
    const module = pathToFileURL(join(__dirname, 'redis-server.js')).href;
    const program = `
      const { RedisServer } = await import(${JSON.stringify(module)});
      console.log((await RedisServer.start()).port);
      process.exit();`;
    const args = ['--input-type=module', '--eval', program];
    const port = Number(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
    expect(port).to.be.above(1);
    // Not by its id: that is there until somebody has asked how it ended.
    const refused = (): Promise<boolean> =>
      RawClient.connect(port).then(
        () => false,
        () => true,
      );
    await until(refused, 'the server has ended');
  });
});

/** As ps shows it: T is stopped. */
async function processState(pid: number): Promise<string> {
  const stateOf = (): string =>
    spawnSync('ps', ['-o', 'state=', '-p', `${pid}`], { encoding: 'utf8' }).stdout.trim();
  await until(() => stateOf().startsWith('T'), 'the process is stopped', 2_000).catch(() => {});
  return stateOf();
}
