import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CacheStatus } from '../../lib/api/status.js';
import { until } from '../support/wait.js';

export interface Order {
  readonly id: number;
  readonly name: 'get' | 'set' | 'delete' | 'clear' | 'status' | 'watch' | 'seen' | 'lines';
  readonly args: readonly unknown[];
}

/** A real process with a cache of its own. */
export class FleetProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve(result: unknown): void; reject(error: Error): void }
  >();
  #orders = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ id, result }: { id: number; result: unknown }) => {
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the process has ended'));
    });
  }

  /** Its cache may not be connected yet. */
  static async start(redis: string): Promise<FleetProcess> {
    const options = JSON.stringify({ redis });
    const script = join(__dirname, 'fleet-process.js');
    const process = new FleetProcess(fork(script, [options], { execArgv: [] }));
    await process.status();
    return process;
  }

  get(key: string): Promise<unknown> {
    return this.#ask('get', key);
  }

  set(key: string, value: unknown): Promise<unknown> {
    return this.#ask('set', key, value);
  }

  delete(key: string): Promise<unknown> {
    return this.#ask('delete', key);
  }

  clear(pattern = '*'): Promise<unknown> {
    return this.#ask('clear', pattern);
  }

  async status(): Promise<CacheStatus> {
    return (await this.#ask('status')) as CacheStatus;
  }

  /** Reads a key again and again, until the process ends. */
  async watch(key: string): Promise<void> {
    await this.#ask('watch', key);
  }

  /** What it was given for the key that it watches; `null` is a miss. */
  async seen(): Promise<readonly unknown[]> {
    return (await this.#ask('seen')) as unknown[];
  }

  /** What it has logged. */
  async lines(): Promise<readonly string[]> {
    return (await this.#ask('lines')) as string[];
  }

  isNormal(): Promise<void> {
    return until(async () => (await this.status()).mode === 'normal', 'the process is normal');
  }

  isDegraded(): Promise<void> {
    return until(async () => (await this.status()).mode === 'degraded', 'the process is degraded');
  }

  /** SIGSTOP: it stands still. */
  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(name: Order['name'], ...args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, args });
    });
  }
}

/** Starts processes, and ends them after each test. */
export function useFleet(): (redis: string) => Promise<FleetProcess> {
  let processes: FleetProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.map((each) => each.kill()));
    processes = [];
  });
  return async (redis) => {
    const process = await FleetProcess.start(redis);
    processes.push(process);
    return process;
  };
}
