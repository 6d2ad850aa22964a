import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RespError, RespReader } from './resp.js';
import { until } from './wait.js';

export interface RedisServerOptions {
  readonly port?: number;
  /** Further command-line arguments, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  readonly password?: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A port of the loopback interface that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real redis-server of the test's own, to be killed, frozen and brought back. */
export class RedisServer {
  readonly port: number;
  readonly #options: RedisServerOptions;
  readonly #dir: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, dir: string, options: RedisServerOptions) {
    this.port = port;
    this.#dir = dir;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const dir = mkdtempSync(join(tmpdir(), 'redis-'));
    const server = new RedisServer(options.port ?? (await freePort()), dir, options);
    await server.#spawn();
    return server;
  }

  get url(): string {
    const { password } = this.#options;
    const user = password === undefined ? '' : `:${password}@`;
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the redis-server is not running');
    return pid;
  }

  /** SIGKILL; settles when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    running.delete(child);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts again on the same port: with the dump it has, or `empty`. */
  async restart(options: { readonly empty?: boolean } = {}): Promise<void> {
    await this.kill();
    if (options.empty === true) rmSync(join(this.#dir, 'dump.rdb'), { force: true });
    await this.#spawn();
  }

  /** SIGSTOP: accepts connections and answers nothing. */
  hang(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Writes the dump that a `restart()` will load. */
  async save(): Promise<void> {
    await this.command('SAVE');
  }

  /** One command over a connection of its own. Rejects with Redis' error. */
  async command(...args: string[]): Promise<unknown> {
    const socket = await this.#connect();
    try {
      const reader = new RespReader(socket);
      await this.#authenticate(socket, reader);
      socket.write(encode(args));
      return orThrow(await reader.next());
    } finally {
      socket.destroy();
    }
  }

  /** Collects what MONITOR shows, until `stop()`. */
  async monitor(): Promise<{ readonly lines: string[]; stop(): Promise<void> }> {
    const socket = await this.#connect();
    const reader = new RespReader(socket);
    await this.#authenticate(socket, reader);
    socket.write(encode(['MONITOR']));
    orThrow(await reader.next());
    const lines: string[] = [];
    reader.onValue = (value) => lines.push(String(value));
    const stop = async (): Promise<void> => {
      const mark = `end-of-monitor-${Math.random()}`;
      await this.command('ECHO', mark);
      await until(() => lines.some((line) => line.includes(mark)), 'MONITOR shows the mark');
      socket.destroy();
      lines.splice(lines.findIndex((line) => line.includes(mark)));
    };
    return { lines, stop };
  }

  /** Ends the process and forgets its data. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #spawn(): Promise<void> {
    const { args = [], password } = this.#options;
    const auth = password === undefined ? [] : ['--requirepass', password];
    const fixed = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#dir];
    const volatile = ['--save', '', '--appendonly', 'no', '--enable-debug-command', 'local'];
    const child = spawn(findServer(), [...fixed, ...volatile, ...auth, ...args], {
      stdio: 'ignore',
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    await until(async () => this.#answers(), 'redis-server answers');
  }

  /** Also a server that is loading or wants a password answers. */
  async #answers(): Promise<boolean> {
    if (this.#child?.exitCode !== null) throw new Error('redis-server ended at once');
    try {
      await this.command('PING');
      return true;
    } catch (error) {
      return error instanceof RespError;
    }
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1');
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    return socket;
  }

  async #authenticate(socket: Socket, reader: RespReader): Promise<void> {
    const { password } = this.#options;
    if (password === undefined) return;
    socket.write(encode(['AUTH', password]));
    orThrow(await reader.next());
  }
}

function findServer(): string {
  for (const name of ['redis-server', 'valkey-server']) {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // Not this one.
    }
  }
  throw new Error('No redis-server on the PATH. Run: node scripts/redis-server.mjs');
}

function encode(args: readonly string[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

function orThrow(value: unknown): unknown {
  if (value instanceof RespError) throw value;
  return value;
}
