import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ensureRedisServer, startRedisServer } from '../../scripts/redis-server.mjs';
import { answersPing } from './ask-redis.js';
import type { BreakableRedis } from './break-redis.js';
import { freePort } from './free-port.js';

type ArgsOf = (port: number) => readonly string[];

/** A redis-server of the app's own, on a free loopback port, saving nothing to disk. */
export class PrivateRedis implements BreakableRedis {
  readonly what = 'a private redis-server of this app';
  readonly port: number;
  readonly #args: readonly string[];
  readonly #program: string;
  #child: ChildProcess;
  #isFrozen = false;
  /** Of two calls of `start` at once, the second waits for the first. */
  #starting: Promise<void> = Promise.resolve();

  private constructor({ program, port, args }: Server, child: ChildProcess) {
    this.#program = program;
    this.port = port;
    this.#args = args;
    this.#child = child;
  }

  /**
   * The repository's script starts it, as it does for the tests; an app of yours has its own Redis. `argsOf`:
   * further arguments of the server on this port.
   *
   * @throws Error, saying what to run, when there is no redis-server and none can be installed.
   */
  static async start(argsOf: ArgsOf = () => []): Promise<PrivateRedis> {
    const program = ensureRedisServer({ log: console.log });
    const port = await lowPort();
    const server = { program, port, args: argsOf(port) };
    return new PrivateRedis(server, await startAt(server));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get state(): 'running' | 'frozen' | 'stopped' {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return 'stopped';
    return this.#isFrozen ? 'frozen' : 'running';
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.state === 'stopped') return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  stop(): Promise<void> {
    return this.kill();
  }

  /** It keeps its connections and answers nothing until `start`. */
  freeze(): void {
    if (this.state === 'running') this.#isFrozen = this.#child.kill('SIGSTOP');
  }

  /** Thaws it, or starts it again on the same port. Resolves when it answers. */
  start(): Promise<void> {
    this.#starting = this.#starting.catch(() => {}).then(() => this.#start());
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.state === 'frozen') this.#child.kill('SIGCONT');
    this.#isFrozen = false;
    // You may have started one there by hand.
    if (await answersPing(this.port, '127.0.0.1')) return;
    const server = { program: this.#program, port: this.port, args: this.#args };
    if (this.state === 'stopped') this.#child = await startAt(server);
  }
}

interface Server {
  readonly program: string;
  readonly port: number;
  readonly args: readonly string[];
}

function startAt({ program, port, args }: Server): Promise<ChildProcess> {
  const answers = (): Promise<boolean> => answersPing(port, '127.0.0.1');
  // A process group of its own: Ctrl-C reaches the app alone, which ends its Redis last.
  return startRedisServer({ program, port, args, answers, isDetached: true });
}

/** The nodes of a cluster also use the port that lies 10,000 above, so it must not be too high. */
const HIGHEST_PORT = 55_535;

async function lowPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= HIGHEST_PORT) return port;
  }
}
