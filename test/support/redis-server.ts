import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { redisProgram } from './redis-program.js';
import { encodeCommand, RespError, RespReader } from './resp.js';
import { until } from './wait.js';

export { freePort };

export interface RedisServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Further command-line arguments, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  /** It is a Sentinel with these lines of configuration. */
  readonly sentinel?: readonly string[];
  /** Where it keeps its files. By default a fresh folder that `stop()` removes. */
  readonly dir?: string;
  readonly password?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it counts as started while it still loads its data. By default it is waited for. */
  readonly isUpWhileLoading?: boolean;
}

/** What MONITOR has shown so far. */
export interface Monitor {
  readonly lines: string[];
  /** Settles when every command sent before it has its line. */
  stop(): Promise<void>;
}

/** How long one try to reach a server that is starting may take. */
const TRY_MS = 1_000;

const PORTS_TO_TRY = 5;

const LOG = 'redis.log';

const NO_SERVER =
  'This test starts a Redis: name its file *.real.test.ts, so that test:unit leaves it out.';

const PORT_IS_TAKEN = /address already in use/i;

/** The folders of servers that were not stopped. */
const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

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
    if (process.env.UNIT_TESTS !== undefined) throw new Error(NO_SERVER);
    for (let triesLeft = PORTS_TO_TRY - 1; ; triesLeft--) {
      const port = options.port ?? (await freePort());
      const dir = options.dir ?? temporaryFolder();
      const server = new RedisServer(port, dir, options);
      try {
        await server.#spawn();
        return server;
      } catch (error) {
        await server.stop();
        if (!PORT_IS_TAKEN.test(String(error))) throw error;
        if (options.port !== undefined || triesLeft === 0) {
          throw new Error(`redis-server ended at once: port ${port} is taken`);
        }
      }
    }
  }

  get url(): string {
    const { password } = this.#options;
    const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the redis-server is not running');
    return pid;
  }

  /**
   * SIGKILL, also of a process that hangs: what it had not read is never executed. Settles when the process
   * is gone.
   */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts again on the same port: with the dump it has, or `empty`. */
  async restart(options: { readonly empty?: boolean } = {}): Promise<void> {
    await this.kill();
    if (options.empty === true) this.#forget();
    await this.#spawn();
  }

  /** SIGSTOP: the system accepts connections for it, and nothing is answered. */
  hang(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** SIGCONT: goes on, with all that has come in meanwhile. */
  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Writes the dump that a `restart()` will load. */
  async save(): Promise<void> {
    await this.command('SAVE');
  }

  /** One command over a connection of its own. Rejects with Redis' error. */
  command(...args: string[]): Promise<unknown> {
    return this.#ask(args);
  }

  /** Collects what MONITOR shows, until `stop()`. */
  async monitor(): Promise<Monitor> {
    const { socket, reader } = await this.#open();
    socket.write(encodeCommand(['MONITOR']));
    orThrow(await reader.next());
    const lines: string[] = [];
    reader.listen((value) => lines.push(String(value)));
    const stop = async (): Promise<void> => {
      if (socket.closed || this.#child === undefined || hasEnded(this.#child)) return;
      const mark = `end-of-monitor-${Math.random()}`;
      const isLast = (line: string): boolean => line.includes(mark);
      await this.command('ECHO', mark);
      await until(() => lines.some(isLast), 'MONITOR shows the mark');
      socket.destroy();
      lines.splice(lines.findIndex(isLast));
    };
    return { lines, stop };
  }

  /** Ends the process and forgets its data. */
  async stop(): Promise<void> {
    await this.kill();
    if (this.#options.dir !== undefined) return;
    rmSync(this.#dir, { recursive: true, force: true });
    folders.delete(this.#dir);
  }

  async #spawn(): Promise<void> {
    const program = await redisProgram();
    const { args = [], password, env } = this.#options;
    // Earlier ones have DEBUG switched on, and refuse to start with what they do not know.
    const debug = program.major >= 7 ? ['--enable-debug-command', 'local'] : [];
    const config = this.#sentinelFile();
    const auth = password === undefined ? [] : ['--requirepass', password];
    this.#child = await program.start({
      program: program.path,
      port: this.port,
      args: [
        ...(config === undefined ? debug : ['--sentinel']),
        '--dir',
        this.#dir,
        ...auth,
        ...args,
      ],
      ...(config === undefined ? {} : { config }),
      log: join(this.#dir, LOG),
      ...(env === undefined ? {} : { env }),
      answers: (child) => this.#isUp(child),
    });
  }

  /** A Sentinel keeps what it learns in its file, so a restart goes on with that. */
  #sentinelFile(): string | undefined {
    const { sentinel } = this.#options;
    if (sentinel === undefined) return undefined;
    const file = join(this.#dir, 'sentinel.conf');
    if (!existsSync(file)) writeFileSync(file, `${sentinel.join('\n')}\n`);
    return file;
  }

  /** Whether it is this process that answers, with its data loaded, be it that it wants another password. */
  async #isUp(child: ChildProcess): Promise<boolean> {
    try {
      const info = String(await this.#ask(['INFO'], TRY_MS));
      const { isUpWhileLoading, sentinel } = this.#options;
      const isLoaded =
        isUpWhileLoading === true || sentinel !== undefined || info.includes('\nloading:0\r\n');
      return isLoaded && info.includes(`\nprocess_id:${child.pid}\r\n`);
    } catch (error) {
      return error instanceof RespError;
    }
  }

  async #ask(args: readonly string[], timeoutMs = 0): Promise<unknown> {
    const { socket, reader } = await this.#open(timeoutMs);
    try {
      socket.write(encodeCommand(args));
      return orThrow(await reader.next());
    } finally {
      socket.destroy();
    }
  }

  /** A connection that is logged in. */
  async #open(timeoutMs = 0): Promise<{ socket: Socket; reader: RespReader }> {
    const { password } = this.#options;
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    const reader = new RespReader(socket);
    await once(socket, 'connect');
    socket.on('error', () => {});
    if (password === undefined) return { socket, reader };
    socket.write(encodeCommand(['AUTH', password]));
    try {
      orThrow(await reader.next());
      return { socket, reader };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** What it would load when it starts. */
  #forget(): void {
    for (const name of readdirSync(this.#dir)) {
      rmSync(join(this.#dir, name), { recursive: true, force: true });
    }
  }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  folders.add(folder);
  return folder;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function orThrow(value: unknown): unknown {
  if (value instanceof RespError) throw value;
  return value;
}
