import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../lib/core/time/clock.js';
import { parseRedis } from '../../../lib/redis/redis-options.js';
import type { Door } from '../../../lib/redis/remote.js';
import { SingleRemote } from '../../../lib/redis/single.js';
import { redisProgram } from '../../support/redis-program.js';
import { freePort, RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/wait.js';
import { FakeListener } from './fake-listener.js';

interface Process {
  readonly remote: SingleRemote;
  readonly door: Door;
  readonly listener: FakeListener;
}

const POS = 'app:__ech:{ech}:pos';
const GEN = 'app:__ech:{ech}:gen';

const SPOILED = `redis.call('FLUSHALL')
redis.call('SET', KEYS[1], 'of another type')
redis.call('HSET', KEYS[2], 'of', 'another type')`;

describe('a door to a real Redis', function () {
  this.timeout(20_000);
  const processes: Process[] = [];
  const servers: RedisServer[] = [];
  afterEach(async () => {
    for (const { remote } of processes.splice(0)) remote.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function start(...args: string[]): Promise<RedisServer> {
    const server = await RedisServer.start({ args });
    servers.push(server);
    return server;
  }

  function joins(url: string): Process {
    const { source } = parseRedis(url);
    if (source === undefined || source.kind === 'cluster') throw new Error('no Redis');
    const options = { prefix: 'app:', commandTimeoutMs: 100, maxValueBytes: 1e6 };
    const remote = new SingleRemote({ ...options, source, clock: systemClock });
    const listener = new FakeListener();
    remote.start(listener);
    const [door] = remote.doors;
    if (door === undefined) throw new Error('no door');
    const process = { remote, door, listener };
    processes.push(process);
    return process;
  }

  const isIn = (name: string, ...all: Process[]): Promise<void> =>
    until(() => all.every(({ door }) => door.state.name === name), `the state is ${name}`);
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  /** What becomes of the cache without the command. */
  const TABLE: Readonly<Record<string, 'works' | 'cannot sweep' | 'memory alone'>> = {
    SCAN: 'cannot sweep',
    UNLINK: 'cannot sweep',
    DEL: 'cannot sweep',
    MGET: 'works',
    HELLO: 'works',
    CLIENT: 'works',
    TIME: 'works',
    INFO: 'works',
    PERSIST: 'works',
    EVALSHA: 'memory alone',
    EVAL: 'memory alone',
    SET: 'memory alone',
    GET: 'memory alone',
    GETRANGE: 'memory alone',
    SETRANGE: 'memory alone',
    PTTL: 'memory alone',
    PEXPIRE: 'memory alone',
    TYPE: 'memory alone',
    EXISTS: 'memory alone',
    HMGET: 'memory alone',
    HGET: 'memory alone',
    HSET: 'memory alone',
    HINCRBY: 'memory alone',
  };

  /** Waits for no pause: what is tried again at once is tried within this time. */
  const AT_ONCE_MS = 150;

  async function expectOutcome(command: string, url: string): Promise<void> {
    const { door, listener } = joins(url);
    await door.firstAttempt;
    if (TABLE[command] === 'memory alone') {
      await sleep(AT_ONCE_MS);
      expect(door.state).to.include({ name: 'open', reason: 'permission' });
      expect(listener.failures).to.deep.equal(['connect permission']);
      expect(String(listener.errors[0])).to.include(command);
      return;
    }
    expect(door.state.name).to.equal('closed');
    expect(await door.bump()).to.equal(door.generation);
    listener.acknowledge(door);
    expect(await door.prove()).to.equal(true);
    expect(listener.label?.count).to.equal(1);
    expect(door.canSweep).to.equal(TABLE[command] === 'works');
    expect(listener.failures).to.deep.equal([]);
  }

  describe('whose ACL forbids a command', () => {
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    for (const [command, becomes] of Object.entries(TABLE)) {
      it(`${command}: ${becomes}`, async () => {
        const rules = ['on', '>secret', '~*', '&*', '+@all', `-${command.toLowerCase()}`];
        await server.command('FLUSHALL');
        await server.command('ACL', 'SETUSER', command, ...rules);
        await expectOutcome(command, `redis://${command}:secret@127.0.0.1:${server.port}`);
      });
    }
  });

  describe('that knows a command by another name', () => {
    for (const command of [
      'SCAN',
      'UNLINK',
      'MGET',
      'EVALSHA',
      'HELLO',
      'TIME',
      'INFO',
      'CLIENT',
    ]) {
      it(`${command}: ${TABLE[command]}`, async () => {
        await expectOutcome(command, (await start('--rename-command', command, '')).url);
      });
    }
  });

  it('names a node of a cluster', async () => {
    const { door, listener } = joins((await start('--cluster-enabled', 'yes')).url);
    await door.firstAttempt;
    await sleep(AT_ONCE_MS);
    expect(door.state).to.include({ name: 'open', reason: 'cluster_node' });
    expect(listener.failures).to.have.lengthOf(1);
  });

  it('names the port of a Sentinel', async () => {
    const server = await start();
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'sentinel-'));
    const file = join(dir, 'sentinel.conf');
    writeFileSync(file, `port ${port}\nsentinel monitor main 127.0.0.1 ${server.port} 1\n`);
    const { path } = await redisProgram();
    const child: ChildProcess = spawn(path, [file, '--sentinel'], { stdio: 'ignore' });
    const { door } = joins(`redis://127.0.0.1:${port}`);
    await until(() => 'reason' in door.state && door.state.reason === 'sentinel', 'it is named');
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('writes nothing while idle, and runs no script', async () => {
    const server = await start();
    const { door } = joins(server.url);
    await isIn('closed', ...processes);
    await server.command('CONFIG', 'RESETSTAT');
    const changes = async (): Promise<string | undefined> =>
      /rdb_changes_since_last_save:(\d+)/.exec(String(await server.command('INFO')))?.[1];
    const before = await changes();
    await sleep(1_600);
    expect(await changes()).to.equal(before);
    const stats = String(await server.command('INFO', 'commandstats'));
    const names = [...stats.matchAll(/cmdstat_(\w+)[:|]/g)].map(([, name]) => name);
    expect(names.sort()).to.deep.equal(['config', 'get', 'hmget', 'info', 'time']);
    expect(door.isProven()).to.equal(true);
  });

  it('lets a fresh process wait, which comes first after a restart with old data', async () => {
    const server = await start('--save', '');
    const old = joins(server.url);
    await isIn('closed', old);
    await server.save();
    await server.kill();
    await server.restart();
    const fresh = joins(server.url);
    await isIn('settling', fresh, old);
    expect(fresh.door.reader).to.equal(undefined);
    expect(fresh.door.reign).to.deep.equal(old.door.reign);
    await isIn('closed', fresh, old);
    expect(fresh.door.generation).to.equal(old.door.generation);
  });

  it('reads on at once after a hang', async () => {
    const server = await start();
    const process = joins(server.url);
    await isIn('closed', process);
    server.hang();
    await isIn('open', process);
    server.thaw();
    await isIn('closed', process);
    expect(process.listener.states).to.not.include('settling');
  });

  it('goes on under five processes when its records are deleted', async () => {
    const server = await start();
    const five = Array.from({ length: 5 }, () => joins(server.url));
    await isIn('closed', ...five);
    const generation = five[0]?.door.generation;
    for (const keys of [[POS], [GEN], [POS], [GEN]]) {
      await server.command('DEL', ...keys);
      await sleep(700);
      for (const { door } of five) expect(door.generation).to.equal(generation);
    }
    await server.command('DEL', POS, GEN);
    await sleep(1_200);
    const known = new Set(five.map(({ door }) => door.generation));
    expect(known.size).to.equal(1);
    expect([...known][0]).to.not.equal(generation);
    // In one step: otherwise a heartbeat makes one of them anew in between.
    await server.command('EVAL', SPOILED, '2', POS, GEN);
    await sleep(1_200);
    for (const { door, listener } of five) {
      expect(listener.states).to.deep.equal(['recovering', 'closed']);
      expect(listener.failures).to.deep.equal([]);
      expect(await door.prove()).to.equal(true);
    }
  });

  it('is not read once REPLICAOF has replaced its data', async () => {
    const [server, other] = [await start(), await start('--repl-diskless-sync-delay', '0')];
    const process = joins(server.url);
    await isIn('closed', process);
    await server.command('REPLICAOF', '127.0.0.1', `${other.port}`);
    await isIn('open', process);
    expect(process.listener.failures.every((failure) => failure.endsWith('read_only'))).to.equal(
      true,
    );
    await server.command('REPLICAOF', 'NO', 'ONE');
    await isIn('closed', process);
  });
});
