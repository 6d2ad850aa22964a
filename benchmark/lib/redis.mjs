// A real redis-server on a free loopback port, without persistence.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { endWithUs, removeFolder, temporaryFolder } from './children.mjs';

let binary;

/** The redis-server of the machine, or the one that the tests fetch. */
async function findBinary() {
  if (binary !== undefined) return binary;
  const onPath = spawnSync('redis-server', ['--version']);
  if (onPath.status === 0) {
    binary = 'redis-server';
    return binary;
  }
  const script = new URL('../../scripts/redis-server.mjs', import.meta.url);
  if (!existsSync(script)) throw new Error('redis-server is not on the PATH.');
  const { ensureRedisServer } = await import(script.href);
  const found = await ensureRedisServer();
  binary = typeof found === 'string' ? found : (found?.path ?? found?.binary);
  return binary;
}

export async function redisVersion() {
  const { stdout } = spawnSync(await findBinary(), ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class RedisServer {
  #child;
  #directory = temporaryFolder();

  /** @param {number} port */
  constructor(port) {
    this.port = port;
  }

  static async start() {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  async start() {
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly'];
    args.push('no', '--dir', this.#directory, '--loglevel', 'warning', '--maxclients', '1000');
    const child = spawn(await findBinary(), args, { stdio: 'ignore' });
    this.#child = child;
    endWithUs(child);
    for (let i = 0; i < 500; i++) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      // Another Redis on this port would answer too.
      const info = await this.command('INFO server').catch(() => '');
      if (info.includes(`process_id:${child.pid}\r\n`)) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('redis-server did not start within 2.5 s');
  }

  /** Ends the process at once; what it held is gone. */
  async kill() {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await exited;
  }

  suspend() {
    this.#child.kill('SIGSTOP');
  }

  resume() {
    this.#child.kill('SIGCONT');
  }

  async close() {
    await this.kill();
    removeFolder(this.#directory);
  }

  /** One inline command on a connection of its own; resolves to the raw reply. */
  command(line) {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.port, '127.0.0.1');
      let text = '';
      socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk;
        if (isComplete(text)) {
          socket.destroy();
          resolve(text);
        }
      });
      socket.on('connect', () => socket.write(`${line}\r\n`));
    });
  }

  async size() {
    return Number(/^:(\d+)/.exec(await this.command('DBSIZE'))?.[1]);
  }

  /** How many commands of these names the server has run. */
  async calls(names) {
    const text = await this.command('INFO commandstats');
    return names.reduce((sum, name) => {
      const found = new RegExp(`cmdstat_${name}:calls=(\\d+)`, 'i').exec(text);
      return sum + Number(found?.[1] ?? 0);
    }, 0);
  }
}

function isComplete(text) {
  if (text[0] !== '$') return text.endsWith('\r\n');
  const end = text.indexOf('\r\n');
  const length = Number(text.slice(1, end));
  return length < 0 || Buffer.byteLength(text) >= end + 2 + length + 2;
}
