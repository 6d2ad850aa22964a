import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

const ROOT = join(__dirname, '../../..');

const running = new Set<Example>();

/** The example app as a process of its own, as `npm start` runs it. `npm test` compiles it first. */
export class Example {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #output = '';

  private constructor(env: NodeJS.ProcessEnv) {
    const { NODE_V8_COVERAGE: _, REDIS_URL: __, DATABASE_URL: ___, ...inherited } = process.env;
    this.#child = spawn(process.execPath, ['dist/server.js'], {
      cwd: join(ROOT, 'example-app'),
      env: { ...inherited, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (data) => {
        this.#output += data;
      });
    }
  }

  /** Resolves when the banner is printed to its end. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<Example> {
    const example = new Example(env);
    running.add(example);
    while (!/^ {2}curl \S+\/health$/m.test(example.output)) {
      if (!example.isRunning) throw new Error(`the example ended:\n${example.output}`);
      await Promise.race([once(example.#child.stdout, 'data'), once(example.#child, 'close')]);
    }
    return example;
  }

  /** What a failed test left behind must not keep the run from ending. */
  static async stopAll(): Promise<void> {
    await Promise.all([...running].map((example) => example.stop('SIGKILL')));
  }

  /** Everything written to stdout and stderr so far. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get url(): string {
    return this.#banner(/is at (http:\S+)/);
  }

  get privateRedis(): { readonly pid: string; readonly port: string } {
    return { pid: this.#banner(/redis-server, pid (\d+)/), port: this.#banner(/, port (\d+)/) };
  }

  /** The process does nothing any more, as if it hung. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Asks it to end, as an orchestrator does; the exit code, or the signal that ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    if (this.isRunning) {
      this.#child.kill(signal);
      await once(this.#child, 'close');
    }
    running.delete(this);
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  #banner(pattern: RegExp): string {
    const found = pattern.exec(this.#output)?.[1];
    if (found === undefined) throw new Error(`the banner has no ${pattern}:\n${this.#output}`);
    return found;
  }
}
