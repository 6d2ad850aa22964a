import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ensureRedisServer, startRedisServer } from '../../scripts/redis-server.mjs';
import { freePort } from './free-port.js';
import { answersPing } from './ping.js';

/** A redis-server of the app's own, on a free loopback port, saving nothing to disk. */
export class PrivateRedis {
  readonly port: number;
  readonly #program: string;
  #child: ChildProcess;
  #isFrozen = false;
  /** Of two calls of `start` at once, the second waits for the first. */
  #starting: Promise<void> = Promise.resolve();

  private constructor(program: string, port: number, child: ChildProcess) {
    this.#program = program;
    this.port = port;
    this.#child = child;
  }

  /**
   * The repository's script starts it, as it does for the tests; an app of yours has its own Redis.
   *
   * @throws Error, saying what to run, when there is no redis-server and none can be installed.
   */
  static async start(): Promise<PrivateRedis> {
    const program = ensureRedisServer({ log: console.log });
    const port = await freePort();
    return new PrivateRedis(program, port, await startAt(program, port));
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
    if (this.state === 'stopped') this.#child = await startAt(this.#program, this.port);
  }
}

function startAt(program: string, port: number): Promise<ChildProcess> {
  const answers = (): Promise<boolean> => answersPing(port, '127.0.0.1');
  // A process group of its own: Ctrl-C reaches the app alone, which ends its Redis last.
  return startRedisServer({ program, port, answers, isDetached: true });
}
