// Talking to child processes: one request, one answer, over node's own IPC channel.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { endWithUs } from './children.js';

/** What a worker can do, by name. Arguments and results are cloned on their way. */
// biome-ignore lint/suspicious/noExplicitAny: every worker has arguments of its own
export type Operations = Record<string, (args: any) => unknown>;

export interface Worker<Ops extends Operations> {
  call<Name extends keyof Ops & string>(
    op: Name,
    ...args: Parameters<Ops[Name]>
  ): Promise<Awaited<ReturnType<Ops[Name]>>>;
  /** Kills the process, and settles when it has ended. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Call {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Request {
  readonly id: number;
  readonly op: string;
  readonly args: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** How much of a worker's error output is kept. */
const KEPT_CHARACTERS = 4_000;

/** Starts a worker of `benchmark/workers/`. It ends with its parent. */
export function startWorker<Ops extends Operations>(
  name: string,
  { execArgv = [], env = {} }: WorkerOptions = {},
): Worker<Ops> {
  const child = fork(join(__dirname, '../workers', `${name}.js`), [], {
    execArgv: [...execArgv],
    env: { ...process.env, ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  endWithUs(child);
  return new Caller(name, child) as unknown as Worker<Ops>;
}

class Caller {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Call>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #errors = '';

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-KEPT_CHARACTERS);
    });
    child.on('message', (message) => this.#settle(message as Answer));
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const error = new Error(`${name} ended (${signal ?? code}): ${this.#errors}`);
        for (const call of this.#waiting.values()) call.reject(error);
        this.#waiting.clear();
        resolve();
      });
    });
  }

  call(op: string, args: unknown = {}): Promise<unknown> {
    if (!this.#child.connected) {
      return Promise.reject(new Error(`${this.#name} has ended: ${this.#errors}`));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, op, args } satisfies Request);
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
    }
    await this.#ended;
  }

  #settle({ id, result, error }: Answer): void {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`${this.#name}: ${error}`));
  }
}

/** The other end: answers calls until the parent goes away. */
export function serve(operations: Operations): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (message) => {
    const { id, op, args } = message as Request;
    try {
      process.send?.({ id, result: await operations[op]?.(args) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: textOf(error) } satisfies Answer);
    }
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
